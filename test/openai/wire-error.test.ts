import { describe, expect, it } from 'vitest';
import { readWireError } from '../../src/openai/answer/wire-error.ts';

const none = { type: null, param: null, code: null };
const fault = (...loc: readonly (string | number)[]) => [
  { type: 'extra_forbidden', loc, msg: 'Extra inputs are not permitted', input: 1 },
];

describe('an error is read in the form of each host', () => {
  it.each([
    [
      'OpenAI',
      { error: { message: 'No.', type: 'invalid_request_error', param: 'n', code: 'x' } },
      { message: 'No.', type: 'invalid_request_error', param: 'n', code: 'x' },
    ],
    [
      'Mistral: flat',
      { object: 'error', message: 'No.', type: 'invalid_model', param: null, code: '1500' },
      { message: 'No.', type: 'invalid_model', param: null, code: '1500' },
    ],
    [
      'Mistral: a validation inside the message',
      {
        object: 'error',
        message: { detail: fault('body', 'max_completion_tokens') },
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
      {
        message: 'Extra inputs are not permitted',
        type: 'invalid_request_error',
        param: 'max_completion_tokens',
        code: null,
      },
    ],
    [
      'Mistral: a list as the message',
      { object: 'Error', message: fault('body', 'tools'), type: 'invalid_request_error' },
      {
        ...none,
        message: 'Extra inputs are not permitted',
        type: 'invalid_request_error',
        param: 'tools',
      },
    ],
    [
      'FastAPI: a validation',
      { detail: fault('body', 'messages', 0, 'role') },
      { ...none, message: 'Extra inputs are not permitted', param: 'messages.0.role' },
    ],
    ['FastAPI: a text', { detail: 'Not found' }, { ...none, message: 'Not found' }],
    ['a text', { error: 'model not found' }, { ...none, message: 'model not found' }],
    [
      'xAI: a text with a code',
      { code: 'invalid-argument', error: 'Model not found: x' },
      { ...none, message: 'Model not found: x', code: 'invalid-argument' },
    ],
    [
      'Gemini: a list',
      [{ error: { code: 400, message: 'Unknown name "store".', status: 'INVALID_ARGUMENT' } }],
      { ...none, message: 'Unknown name "store".', status: 400 },
    ],
    [
      'OpenRouter: a number as the code',
      { error: { code: 402, message: 'Insufficient credits' } },
      { ...none, message: 'Insufficient credits', status: 402 },
    ],
    [
      'vLLM',
      { error: { message: 'No.', type: 'BadRequestError', param: null, code: 400 } },
      { ...none, message: 'No.', type: 'BadRequestError', status: 400 },
    ],
  ])('%s', (_host, json, expected) => expect(readWireError(json)).toEqual(expected));

  it.each([{}, [], [[]], null, 1, 'x', { detail: [] }, { detail: [{}] }, { message: {} }])(
    '%j is no error',
    (json) => expect(readWireError(json)).toBeUndefined(),
  );
});
