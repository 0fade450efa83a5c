import { describe, expect, it } from 'vitest';
import { verdictOn } from '../../src/openai/answer/blocked-identifier.ts';

const error = (more: object) => ({
  message: 'Something about the request.',
  type: null,
  param: null,
  code: null,
  ...more,
});
const param = 'safety_identifier';

describe('What an error says about the end user', () => {
  it.each([
    ['blocked', { code: 'identifier_blocked' }],
    ['blocked', { message: 'Error: identifier blocked' }],
    ['blocked', { message: 'The safety identifier has been blocked.', param }],
    ['restricted', { code: 'cyber_policy' }],
    ['restricted', { code: 'cyber_policy_violation', param }],
    ['restricted', { code: 'access_limited', param }],
    ['restricted', { message: 'This user’s access has been revoked.' }],
    [undefined, { code: 'unknown_parameter', param }],
    [undefined, { code: 'string_above_max_length', param }],
    [undefined, { code: 'invalid_type', param, message: "This user's access is limited." }],
    [undefined, { message: 'Unrecognized argument.', param }],
    [undefined, { code: 'content_policy_violation' }],
    [undefined, { code: 'cyber_policy_violation', param: 'tools' }],
    [undefined, { message: 'No tool "identifier blocked"', param: 'tools' }],
    [undefined, {}],
  ])('The verdict is %s for %j', (verdict, more) => {
    expect(verdictOn(error(more))).toBe(verdict);
  });
});
