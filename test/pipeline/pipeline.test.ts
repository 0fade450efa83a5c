import { describe, expect, it } from 'vitest';
import { deny } from '../../src/core/denial.ts';
import type { GuardRequest } from '../../src/core/request.ts';
import { type GuardResponse, isByteSource } from '../../src/core/response.ts';
import { LedgerError, type LimitSpec } from '../../src/index.ts';
import { runPipeline } from '../../src/pipeline/pipeline.ts';
import { UpstreamError } from '../../src/upstream/transport.ts';
import { MODEL } from '../fixture.ts';
import { CHAT, DONE, LAST_CHUNK, type Piped, pipedParts, replyOf, requestOf } from './piped.ts';

const FREE = { models: [MODEL], maxOutputTokens: 100 };
const STREAM: Partial<GuardRequest> = {
  readBody: () => ({ kind: 'parsed', value: { ...CHAT, stream: true } }),
};
const streamReply = async () => replyOf(undefined, { type: 'text/event-stream' });

const broken = (): never => {
  throw new Error('broken');
};

function codeOf({ body }: GuardResponse): string {
  return JSON.parse(String(body)).error.code;
}

/** How many calls are in flight. */
const inFlight = ({ parts }: Piped) => parts.calls.ofUser(undefined).length;

/** Reads a stream's body; returns what has arrived so far. */
function read({ body }: GuardResponse): { text: string; ended: boolean } {
  const seen = { text: '', ended: false };
  if (!isByteSource(body)) throw new Error('not a stream');
  body.start({
    write(chunk) {
      seen.text += Buffer.from(chunk).toString();
      return true;
    },
    end() {
      seen.ended = true;
    },
    fail() {
      seen.ended = true;
    },
  });
  return seen;
}

describe('The ways out of the pipeline before something is held', () => {
  it('a call without a valid credential ends in identify', async () => {
    const piped = pipedParts({ auth: { authenticate: () => undefined } });
    const response = await piped.run();
    expect([response.status, codeOf(response)]).toEqual([401, 'invalid_credential']);
    expect(piped.happened).toEqual(['denied']);
  });

  it("an authenticator's own denial ends the call in identify", async () => {
    const expired = deny('expired_credential', 'Log in again.');
    const piped = pipedParts({ auth: { authenticate: async () => expired } });
    expect(codeOf(await piped.run())).toBe('expired_credential');
    expect(piped.happened).toEqual(['denied']);
  });

  it('a call that the plan does not allow ends in authorize', async () => {
    const piped = pipedParts();
    const response = await piped.run({ path: '/files' });
    expect([response.status, codeOf(response)]).toEqual([404, 'unknown_endpoint']);
    expect(piped.happened).toEqual(['denied']);
  });

  it('a call that authorize answers holds nothing and is not sent', async () => {
    const piped = pipedParts();
    const response = await piped.run({ method: 'GET', path: '/models' });
    expect(response.status).toBe(200);
    expect(String(response.body)).toContain(MODEL);
    expect(piped.happened).toEqual([]);
  });

  it('a call that does not fit in its limits ends in admit, and is no longer in flight', async () => {
    const limits: readonly LimitSpec[] = [{ requests: 0, per: 'day' }];
    const piped = pipedParts({ plans: { free: { ...FREE, limits } } });
    const response = await piped.run();
    expect([response.status, codeOf(response)]).toEqual([429, 'quota_exceeded']);
    expect(piped.happened).toEqual(['reserve', 'denied']);
    expect(inFlight(piped)).toBe(0);
  });

  it('an error of the authenticator rejects, and nothing is held', async () => {
    const piped = pipedParts({ auth: { authenticate: broken } });
    await expect(piped.run()).rejects.toThrow('broken');
    expect(piped.happened).toEqual([]);
  });

  it('an error in authorize rejects, and nothing is held', async () => {
    const piped = pipedParts({ planOf: broken });
    await expect(piped.run()).rejects.toThrow('broken');
    expect(piped.happened).toEqual([]);
  });

  it.each([
    ['throws', broken],
    ['rejects', () => Promise.reject(new LedgerError('broken'))],
  ])('a reserve that %s rejects, and the call is no longer in flight', async (_, reserve) => {
    const piped = pipedParts();
    const parts = { ...piped.parts, ledger: { ...piped.parts.ledger, reserve } };
    await expect(runPipeline({ request: requestOf() }, parts)).rejects.toThrow('broken');
    expect(piped.happened).toEqual([]);
    expect(inFlight(piped)).toBe(0);
  });
});

describe('A call that is answered', () => {
  it('a whole response is settled once, with what OpenAI reported', async () => {
    const piped = pipedParts();
    const used: number[] = [];
    piped.parts.events.on('settled', ({ inputTokens, outputTokens, estimated }) => {
      used.push(inputTokens, outputTokens, Number(estimated));
    });
    const response = await piped.run();
    expect(response.status).toBe(200);
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
    expect(used).toEqual([8, 4, 0]);
  });

  it('a call that OpenAI refuses is released once', async () => {
    const piped = pipedParts({}, async () => replyOf({}, { status: 500 }));
    const response = await piped.run();
    expect([response.status, codeOf(response)]).toEqual([502, 'upstream_failed']);
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.happened.toSorted()).toEqual([
      'denied',
      'failed',
      'release',
      'released',
      'reserve',
      'sent',
    ]);
  });

  it('a call that may have reached OpenAI and got no answer is charged its hold', async () => {
    const lost = () => Promise.reject(new UpstreamError('lost', { sent: true }));
    const piped = pipedParts({}, lost);
    expect((await piped.run()).status).toBe(502);
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.happened.filter((one) => one === 'settle')).toHaveLength(1);
    expect(piped.happened).not.toContain('release');
  });

  it('nothing waits before the request is sent once a user is known and the ledger is in memory', async () => {
    const piped = pipedParts();
    await piped.run();
    const sentBefore = piped.happened.filter((one) => one === 'sent').length;
    const second = piped.run();
    expect(piped.happened.filter((one) => one === 'sent')).toHaveLength(sentBefore + 1);
    await second;
  });

  it('a settlement that fails is an event, and the client still gets the response', async () => {
    const piped = pipedParts();
    const parts = { ...piped.parts, ledger: { ...piped.parts.ledger, settle: broken } };
    const response = await runPipeline({ request: requestOf() }, parts);
    expect(response.status).toBe(200);
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.happened).toEqual(['reserve', 'sent', 'failed']);
  });
});

describe('A stream', () => {
  it('a stream is settled once when it ends, long after the response began', async () => {
    const piped = pipedParts({}, streamReply);
    const response = await piped.run(STREAM);
    const seen = read(response);
    expect(piped.happened).toEqual(['reserve', 'sent']);
    piped.stream.push(LAST_CHUNK + DONE);
    piped.stream.end();
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(seen.ended).toBe(true);
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
  });

  it('a stream that breaks off is settled once', async () => {
    const piped = pipedParts({}, streamReply);
    const seen = read(await piped.run(STREAM));
    piped.stream.fail();
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(seen.text).toContain('upstream_failed');
    expect(piped.happened).toEqual(['reserve', 'sent', 'failed', 'settle', 'settled']);
  });

  it('a stream whose client disconnects is drained, and settled once when OpenAI ends', async () => {
    const piped = pipedParts({}, streamReply);
    let disconnect = () => {};
    const onDisconnect = (listener: () => void) => {
      disconnect = listener;
    };
    read(await piped.run({ ...STREAM, onDisconnect }));
    disconnect();
    expect(piped.happened).toEqual(['reserve', 'sent']);
    piped.stream.push(LAST_CHUNK + DONE);
    piped.stream.end();
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
  });

  it('a stream that is stopped by a denial is cut, told so, and settled once', async () => {
    const piped = pipedParts({}, streamReply);
    const seen = read(await piped.run(STREAM));
    piped.parts.calls.stopAll(deny('user_blocked', 'blocked'));
    await expect.poll(() => inFlight(piped)).toBe(0);
    expect(piped.stream.cancelled).toBe(true);
    expect(seen).toEqual({ text: expect.stringContaining('user_blocked'), ended: true });
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
  });
});

describe('A step that throws while something is held', () => {
  it('an error in tag rejects, and the hold is released once', async () => {
    const piped = pipedParts({ endUserId: broken });
    await expect(piped.run()).rejects.toThrow('broken');
    expect(piped.happened).toEqual(['reserve', 'release', 'released']);
    expect(inFlight(piped)).toBe(0);
  });

  it.each([
    ['throws', broken],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])(
    'a key function that %s ends the call before it is sent, and the hold is released once',
    async (_, apiKey) => {
      const piped = pipedParts({ apiKey });
      await expect(piped.run()).rejects.toThrow('broken');
      expect(piped.happened).toEqual(['reserve', 'release', 'released']);
      expect(inFlight(piped)).toBe(0);
    },
  );

  it('an error in call after the dispatch rejects, and the hold is charged once', async () => {
    const piped = pipedParts({}, async () => broken());
    await expect(piped.run()).rejects.toThrow('broken');
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
    expect(inFlight(piped)).toBe(0);
  });

  it('an error in meter rejects, and the hold is charged once', async () => {
    const piped = pipedParts({}, async () => ({
      ...replyOf({}),
      header: (name) => (name === 'openai-version' ? broken() : undefined),
    }));
    await expect(piped.run()).rejects.toThrow('broken');
    expect(piped.happened).toEqual(['reserve', 'sent', 'settle', 'settled']);
    expect(inFlight(piped)).toBe(0);
  });

  it('if the ledger fails as well, the error of the step rejects and that of the ledger is an event', async () => {
    const piped = pipedParts({ endUserId: broken });
    const parts = { ...piped.parts, ledger: { ...piped.parts.ledger, release: broken } };
    await expect(runPipeline({ request: requestOf() }, parts)).rejects.toThrow('broken');
    expect(piped.happened).toEqual(['reserve', 'failed']);
    expect(inFlight(piped)).toBe(0);
  });
});

describe('A user whom server code names', () => {
  it('the authenticator is not called', async () => {
    const piped = pipedParts({ auth: { authenticate: broken } });
    const trustedIdentity = { user: { id: 'bob' } };
    const users: string[] = [];
    piped.parts.events.on('settled', ({ userId }) => void users.push(userId));
    const { status } = await runPipeline({ request: requestOf(), trustedIdentity }, piped.parts);
    expect(status).toBe(200);
    await expect.poll(() => users).toEqual(['bob']);
  });
});
