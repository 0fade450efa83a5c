import type { ObjectQuery } from './json-query.ts';

/** All that is read of an answer to learn its cost. A reader of more must ask for it here. */
export const answerQuery = {
  model: 'scalar',
  service_tier: 'scalar',
  usage: 'json',
  tool_usage: 'json',
  error: 'json',
  output: [
    {
      type: 'scalar',
      action: { type: 'scalar', queries: ['scalar'] },
      container_id: 'scalar',
      environment: { type: 'scalar', container_id: 'scalar' },
    },
  ],
} satisfies ObjectQuery;

/** All that is read of one event of a stream, a chunk or a typed event. */
export const eventQuery = {
  type: 'scalar',
  sequence_number: 'scalar',
  model: 'scalar',
  service_tier: 'scalar',
  usage: 'json',
  x_groq: { usage: 'json' },
  error: 'json',
  code: 'scalar',
  message: 'scalar',
  param: 'scalar',
  choices: [{ index: 'scalar', finish_reason: 'scalar' }],
  response: answerQuery,
} satisfies ObjectQuery;
