/** The hosts whose form of OpenAI's HTTP API is known. */
export type DialectName =
  | 'openai'
  | 'azure'
  | 'openrouter'
  | 'groq'
  | 'mistral'
  | 'deepseek'
  | 'xai'
  | 'gemini'
  | 'vllm'
  | 'ollama';

/** How one host speaks OpenAI's HTTP API: what it takes, what it calls it, and what it answers. */
export interface Dialect {
  readonly name: DialectName;
}
