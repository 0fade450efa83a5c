export { type AzureOpenAIOptions, azureOpenAI } from './azure-openai.ts';
export type { DialectName } from './dialects/dialect.ts';
export { type OpenRouterOptions, openRouter } from './open-router.ts';
export { type OpenAIOptions, openAI } from './openai.ts';
export { type OpenAICompatibleOptions, openAICompatible } from './openai-compatible.ts';
export type { UpstreamSpec } from './upstream-spec.ts';
