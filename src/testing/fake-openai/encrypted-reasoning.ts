import { badRequest } from './error-replies.ts';
import type { Generation } from './generation.ts';
import { arrayOf, type FakeJson } from './json.ts';
import type { Reply } from './script.ts';
import { hashOf, wordTokens } from './tokens.ts';

/** Models that do not reason, by OpenAI's names; every other one does. */
const WITHOUT_REASONING = /^(?:ft:)?(?:gpt-(?:3|4|audio|5-chat)|chatgpt-|babbage|davinci)/;

const asksIt = (body: FakeJson): boolean =>
  arrayOf(body['include']).includes('reasoning.encrypted_content');

/** Returns the refusal of a model that has no reasoning to encrypt. */
export function encryptedRefusal(body: FakeJson): Reply | undefined {
  return asksIt(body) && WITHOUT_REASONING.test(String(body['model']))
    ? badRequest('Encrypted content is not supported with this model.', 'include')
    : undefined;
}

/** What a reasoning item has on top of its id, if the request asks for it. */
export function encryptedMember({ call, reasoningTokens }: Generation): FakeJson {
  if (!asksIt(call.body)) return {};
  const thought = wordTokens(
    hashOf(JSON.stringify(call.body['input']) ?? ''),
    reasoningTokens,
  ).join('');
  return { encrypted_content: `gAAAAAB${Buffer.from(thought).toString('base64url')}` };
}
