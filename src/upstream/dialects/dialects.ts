import { azureDialect } from './azure.ts';
import { deepSeekDialect } from './deepseek.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { geminiDialect } from './gemini.ts';
import { groqDialect } from './groq.ts';
import { mistralDialect } from './mistral.ts';
import { ollamaDialect } from './ollama.ts';
import { openRouterDialect } from './open-router.ts';
import { openAIDialect } from './openai.ts';
import { vllmDialect } from './vllm.ts';
import { xaiDialect } from './xai.ts';

/** Every dialect by its name. Azure's older API, with a date, has another one. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  openai: openAIDialect,
  azure: azureDialect,
  openrouter: openRouterDialect,
  groq: groqDialect,
  mistral: mistralDialect,
  deepseek: deepSeekDialect,
  xai: xaiDialect,
  gemini: geminiDialect,
  vllm: vllmDialect,
  ollama: ollamaDialect,
};

export const dialectNames: readonly DialectName[] = Object.keys(dialects) as DialectName[];
