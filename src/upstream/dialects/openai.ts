import type { Dialect } from './dialect.ts';

const asOpenAI = {};

/** OpenAI itself: what the guard builds is what it takes. */
export const openAIDialect: Dialect = {
  name: 'openai',
  title: 'OpenAI',
  endpoints: new Map([
    ['chat.completions', asOpenAI],
    ['responses', asOpenAI],
    ['completions', asOpenAI],
    ['embeddings', asOpenAI],
    ['moderations', asOpenAI],
    ['realtime.client_secrets', asOpenAI],
  ]),
  priceProvider: 'openai',
  billedModel: 'answered',
  reportsCost: false,
  countsInput: true,
};
