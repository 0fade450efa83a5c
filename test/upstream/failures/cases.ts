import { errorReply, openAIErrors } from '../../../src/testing/fake-openai/error-replies.ts';
import type { Reply, Script } from '../../../src/testing/fake-openai/script.ts';

/** What happens to the first request that reaches the upstream `main`. All later ones are answered. */
export interface Failure {
  readonly name: string;
  /** `no listener`: nothing listens at its address. */
  readonly first: Script | 'no listener';
  /** Which kinds of calls it can happen to. Default both. */
  readonly only?: 'stream' | 'whole';
  readonly timeouts?: { readonly headers: string };
  /** With `main` alone. */
  readonly alone: Ending;
  /** With `main`, and a second upstream that answers everything. */
  readonly withBackup: Ending;
  /** The same two with `retries: { serverErrors: 1 }`, where that makes a difference. */
  readonly retried?: { readonly alone: Ending; readonly withBackup: Ending };
  /** The sources of the `failed` events with `main` alone. Default: `upstream` for a call that failed. */
  readonly events?: readonly string[];
}

/** How a call ends: its status and the code of its error, how often each upstream was called, and the charge. */
export interface Ending {
  readonly client: string;
  readonly main: number;
  readonly backup?: number;
  readonly charge: Charge;
}

/**
 * What the user is charged. `invoice`: what the upstreams billed, exactly. `hold`: the upper bound, because
 * the upstream may have worked. `request`: one request, and no tokens. `nothing`: the hold was given back.
 */
export type Charge = 'invoice' | 'hold' | 'request' | 'nothing';

const ANSWERED = { client: '200', charge: 'invoice' } as const;
/** The other upstream answers. */
const ELSEWHERE: Ending = { ...ANSWERED, main: 1, backup: 1 };
/** The same upstream answers, asked again. */
const AGAIN: Ending = { ...ANSWERED, main: 2 };

/** The client gets this, whether or not there is another upstream. The call is sent once. */
const once = (client: string, charge: Charge) => ({
  alone: { client, main: 1, charge },
  withBackup: { client, main: 1, backup: 0, charge },
});

const UNAVAILABLE: Ending = { client: '503 upstream_account', main: 1, charge: 'nothing' };
const account = {
  alone: UNAVAILABLE,
  withBackup: ELSEWHERE,
  events: ['upstream_account'],
} as const;

/** It says when to come back, or not at all; nothing was billed. */
const passing = { alone: AGAIN, withBackup: ELSEWHERE } as const;

const serverError = {
  ...once('502 upstream_failed', 'nothing'),
  retried: { alone: AGAIN, withBackup: ELSEWHERE },
} as const;

const refused = (reply: Reply): Script => ({ reply });
const busy = (status: number, headers: Reply['headers'] = {}): Script =>
  refused({ ...errorReply(status, 'requests', 'rate_limit_exceeded', 'Slow down.'), headers });

export const failures: readonly Failure[] = [
  {
    name: 'nothing listens',
    first: 'no listener',
    alone: { client: '502 upstream_failed', main: 0, charge: 'nothing' },
    withBackup: { ...ANSWERED, main: 0, backup: 1 },
  },
  {
    name: 'a reset before the answer',
    first: { break: { with: 'reset' } },
    ...once('502 upstream_failed', 'hold'),
  },
  {
    name: 'a reset after the first bytes of a whole answer',
    first: { break: { with: 'reset', afterChunks: 1 } },
    only: 'whole',
    ...once('502 upstream_failed', 'hold'),
  },
  {
    name: 'a reset after the first bytes of a stream',
    first: { tokens: 20, break: { with: 'reset', afterChunks: 3 } },
    only: 'stream',
    ...once('200 upstream_failed', 'hold'),
  },
  {
    name: 'no answer in time',
    first: { neverAnswer: true },
    timeouts: { headers: '300ms' },
    ...once('504 upstream_timeout', 'hold'),
  },
  {
    name: '400',
    first: refused(errorReply(400, 'invalid_request_error', null, 'No.')),
    ...once('400', 'request'),
  },
  { name: '401', first: refused(openAIErrors.invalidApiKey()), ...account },
  { name: '403 of the account', first: refused(openAIErrors.forbidden()), ...account },
  {
    name: '403 of the end user',
    first: refused(openAIErrors.identifierBlocked()),
    ...once('403 user_blocked', 'request'),
  },
  {
    name: '404 of the model',
    first: refused(errorReply(404, 'invalid_request_error', 'model_not_found', 'No such model.')),
    alone: { client: '404 model_not_found', main: 1, charge: 'request' },
    withBackup: ELSEWHERE,
  },
  {
    name: '408',
    first: refused(errorReply(408, 'server_error', 'timeout', 'Timed out.')),
    ...once('408 timeout', 'request'),
  },
  {
    name: '409',
    first: refused(errorReply(409, 'invalid_request_error', 'conflict', 'Conflict.')),
    ...once('409 conflict', 'request'),
  },
  { name: '429 with retry-after-ms', first: busy(429, { 'retry-after-ms': '20' }), ...passing },
  { name: '429 without a hint', first: busy(429), ...passing },
  { name: '429 without a body', first: refused({ status: 429, body: '' }), ...passing },
  {
    name: '429 that never fits',
    first: refused(
      errorReply(
        429,
        'tokens',
        'rate_limit_exceeded',
        'Request too large for gpt-5-mini: Limit 9.',
      ),
    ),
    ...once('400 call_exceeds_limit', 'request'),
  },
  {
    name: '429 that must not be repeated',
    first: busy(429, { 'x-should-retry': 'false', 'retry-after-ms': '20' }),
    ...once('503 upstream_busy', 'nothing'),
  },
  { name: '429 of the account', first: refused(openAIErrors.insufficientQuota()), ...account },
  { name: '500', first: refused(openAIErrors.serverError()), ...serverError },
  {
    name: '502 of a proxy',
    first: refused({ status: 502, body: '<html>Bad gateway' }),
    ...serverError,
  },
  {
    name: '503 of a proxy',
    first: refused({ status: 503, body: '<html>Unavailable' }),
    ...serverError,
  },
  { name: '503 of an overloaded model', first: refused(openAIErrors.overloaded()), ...passing },
  { name: '504 of a proxy', first: refused({ status: 504, body: '' }), ...serverError },
  {
    name: '529 of an overloaded host',
    first: refused(errorReply(529, 'overloaded_error', null, 'Overloaded.')),
    ...passing,
  },
];
