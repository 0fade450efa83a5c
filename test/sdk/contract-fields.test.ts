import { expect, it } from 'vitest';
import { SdkTypes } from '../openai/sdk-types.ts';
import { bodies, refusedFields } from './contract-bodies.ts';

const { chat, olderChat, response, promptResponse, completion, floats, moderation, secret } =
  bodies;

const requests = [
  ['chat/completions/completions', 'ChatCompletionCreateParamsBase', [chat, olderChat]],
  ['responses/responses', 'ResponseCreateParamsBase', [response, promptResponse]],
  ['completions', 'CompletionCreateParamsBase', [completion]],
  ['embeddings', 'EmbeddingCreateParams', [floats]],
  ['moderations', 'ModerationCreateParams', [moderation]],
  ['realtime/client-secrets', 'ClientSecretCreateParams', [secret]],
] as const;

const types = new SdkTypes(
  requests.map(([file]) => file),
  {},
);

it.each(requests)(
  'The contract sets every field of the SDK type in %s that a plan can allow',
  (file, type, set) => {
    const typed = types.fieldsOf(file, type).map(({ path }) => path);
    const fields = typed.filter((path) => !path.includes('.') && !refusedFields.includes(path));
    expect(set.flatMap((body) => Object.keys(body))).toEqual(expect.arrayContaining(fields));
  },
);
