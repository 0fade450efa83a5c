import { describe, expect, it } from 'vitest';
import type { FailedEvent, UpstreamFailure } from '../../../src/index.ts';
import {
  errorReply,
  openAIErrors,
  redirectTo,
} from '../../../src/testing/fake-openai/error-replies.ts';
import type { Script } from '../../../src/testing/fake-openai/script.ts';
import { canaries, chat, post, startFixture, tokenOf } from '../../fixture.ts';
import { startLogged } from '../../guard/logged.ts';

interface Told {
  readonly name: string;
  readonly script: Script;
  readonly stream?: boolean;
  readonly source?: FailedEvent['source'];
  readonly upstream: Partial<UpstreamFailure>;
  /** What the line of the log says. */
  readonly line: RegExp;
  readonly level?: 'warn';
}

const EVENTS = { 'content-type': 'text/event-stream' };
const REQUEST_ID = 'req_abc123';
const reply = (made: Script['reply']): Script => ({
  reply: { ...made, headers: { ...made?.headers, 'x-request-id': REQUEST_ID } },
});
const WITHHELD = errorReply(
  403,
  'invalid_request_error',
  'model_not_found',
  'Project `proj_abcdefgh` does not have access to model `gpt-5-mini`',
);
const byRequest = { kind: 'refused', causedByRequest: true } as const;
const gzip = { 'content-encoding': 'snappy' };

const told: readonly Told[] = [
  {
    name: 'a wrong key',
    script: reply(openAIErrors.invalidApiKey(canaries.apiKey)),
    source: 'upstream_account',
    upstream: { kind: 'refused', status: 401, code: 'invalid_api_key' },
    line: /answered 401 invalid_api_key: Incorrect API key .* Check the option "apiKey"/,
  },
  {
    name: 'an account without credit',
    script: reply(openAIErrors.insufficientQuota()),
    source: 'upstream_account',
    upstream: { kind: 'refused', status: 429, code: 'insufficient_quota' },
    line: /You exceeded your current quota.*Add credit to the account/,
  },
  {
    name: 'a model that the project lacks',
    script: reply(WITHHELD),
    source: 'upstream_account',
    upstream: { kind: 'refused', status: 403, code: 'model_not_found' },
    line: /Project `\[redacted\]` does not have access.*Let the project use the model/,
  },
  {
    name: 'an account without credit, told inside a stream',
    script: {
      reply: {
        headers: { ...EVENTS, 'x-request-id': REQUEST_ID },
        body: 'data: {"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}\n\n',
      },
    },
    stream: true,
    source: 'upstream_account',
    upstream: { kind: 'refused', status: 429, code: 'insufficient_quota' },
    line: /answered 429 insufficient_quota/,
  },
  ...[400, 404, 409, 413, 422].map(
    (status): Told => ({
      name: `a passed ${status}`,
      script: reply(errorReply(status, 'invalid_request_error', 'odd', 'No such thing.')),
      upstream: { ...byRequest, status, code: 'odd', message: 'No such thing.' },
      line: new RegExp(`answered ${status} odd: No such thing\\. Request ${REQUEST_ID}\\.`),
      level: 'warn',
    }),
  ),
  {
    name: 'an error of the server',
    script: reply(openAIErrors.serverError()),
    upstream: { kind: 'refused', status: 500, code: 'server_error' },
    line: /answered 500 server_error: The server had an error.* Check the state of the host/,
  },
  {
    name: 'a page of a proxy',
    script: reply({ status: 502, body: '<html><title>502 Bad Gateway</title></html>' }),
    upstream: { kind: 'refused', status: 502, message: '502 Bad Gateway' },
    line: /answered 502: 502 Bad Gateway\./,
  },
  {
    name: 'a 529',
    script: reply(errorReply(529, 'overloaded_error', null, 'Overloaded')),
    upstream: { kind: 'busy', status: 529, code: 'overloaded_error' },
    line: /529.*Raise the limit of the account, add an upstream/,
  },
  {
    name: 'a limit that is waited for in vain',
    script: reply(openAIErrors.rateLimited(7)),
    upstream: { kind: 'busy', status: 429, code: 'rate_limit_exceeded' },
    line: /busy for too long, with status 429/,
  },
  {
    name: 'a redirect',
    script: reply(redirectTo('https://elsewhere.example/v1')),
    upstream: { kind: 'refused', status: 307 },
    line: /Redirects are not followed/,
  },
  {
    name: 'a page with status 404',
    script: reply({ status: 404, body: '<html><title>Not Found</title>' }),
    upstream: { kind: 'refused', status: 404, message: 'Not Found', causedByRequest: false },
    line: /answered 404: Not Found\. .*Check "baseURL"/,
  },
  {
    name: 'a success that is no answer',
    script: reply({ body: '<html>', headers: { 'content-type': 'text/html' } }),
    upstream: { kind: 'unreadable', status: 200 },
    line: /The answer is no answer of the API\..*Check that "baseURL" is that of an API/,
  },
  {
    name: 'a coding that cannot be decoded',
    script: reply({ body: 'x', headers: gzip }),
    upstream: { kind: 'unreadable', status: undefined, requestId: undefined },
    line: /content encoding "snappy"/,
  },
  {
    name: 'an answer that breaks off',
    script: { break: { with: 'reset', afterChunks: 1 } },
    upstream: { kind: 'cut', requestId: undefined },
    line: /The answer broke off/,
  },
  {
    name: 'a stream that breaks off',
    script: { text: 'one two three', break: { with: 'reset', afterChunks: 2 } },
    stream: true,
    upstream: { kind: 'cut', status: 200, requestId: expect.any(String) as never },
    line: /The answer broke off/,
  },
  {
    name: 'a connection that is reset',
    script: { break: { with: 'reset' } },
    upstream: { kind: 'unreached', status: undefined, requestId: undefined },
    line: /There was no answer\..*ECONNRESET|There was no answer\..*other side closed/,
  },
];

describe('A refusal or failure of an upstream', () => {
  it.each(told)(
    'is one failed event with its facts, and one line without a listener: $name',
    async ({ script, stream = false, source = 'upstream', upstream, line, level = 'error' }) => {
      await using logged = await startLogged();
      const { lines } = logged;
      logged.fake.script('Say hello.', script);
      await logged.ask(chat({ stream }));
      await expect.poll(() => lines).toHaveLength(1);
      expect(lines[0]).toMatch(line);
      expect(lines[0]?.startsWith(`${level} guarded-completion: ${source}: `)).toBe(true);
      expect(lines[0]).not.toMatch(/Say hello|sk-|org-|proj_/);
      await using fixture = await startFixture({ timeouts: { queue: '10ms' } });
      const { guard, fake, failed } = fixture;
      fake.script('Say hello.', script);
      const answer = await post(guard, await tokenOf(guard), chat({ stream }));
      await answer.text();
      await expect.poll(() => failed).toHaveLength(1);
      const { host } = new URL(fake.baseURL);
      expect(failed[0]).toMatchObject({
        source,
        callId: expect.any(String),
        upstream: { name: 'main', host, requestId: REQUEST_ID, final: true, ...upstream },
      });
    },
  );

  it('The event does not repeat the prompt that a host repeats, and names its field', async () => {
    const prompt = 'My dear diary, today I met somebody whose name I may not say.';
    const message = `Invalid "messages.0.content": ${prompt} Also "${prompt.slice(9, 45)}"`;
    await using fixture = await startFixture();
    const { fake, guard, failed } = fixture;
    const messages = [{ role: 'user', content: prompt }];
    for (const text of [message, `"messages.0.content": ${prompt.slice(3, 50)}`]) {
      fake.scriptNext({ reply: errorReply(400, 'invalid_request_error', null, text) });
      await post(guard, await tokenOf(guard), chat({ messages }));
    }
    expect(failed).toHaveLength(2);
    expect(JSON.stringify(failed)).not.toMatch(/diary|whose name/);
  });

  it('Of a request with very many texts no message is shown', async () => {
    await using fixture = await startFixture();
    const { fake, guard, failed } = fixture;
    const messages = Array.from({ length: 6_000 }, (_, at) => ({
      role: 'user',
      content: `number ${at}`,
    }));
    fake.scriptNext({ reply: errorReply(400, 'invalid_request_error', null, 'Bad number 5999') });
    await post(guard, await tokenOf(guard), chat({ messages }));
    expect(failed).toMatchObject([{ upstream: { status: 400, message: '[…]' } }]);
  });

  it.each<[string, object | undefined, string]>([
    ['is missing', undefined, 'has no usage'],
    [
      'contradicts itself',
      {
        prompt_tokens: 8,
        completion_tokens: 10,
        completion_tokens_details: { reasoning_tokens: 11 },
      },
      'has a usage in doubt (reasoning_above_output)',
    ],
  ])(
    'A usage that %s is a failed event of the source usage, whole and streamed',
    async (_, usage, says) => {
      const message = { role: 'assistant', content: 'Hi' };
      const whole = { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage };
      const chunk = {
        id: 'c',
        choices: [{ index: 0, delta: message, finish_reason: 'stop' }],
        usage,
      };
      for (const stream of [false, true]) {
        await using fixture = await startFixture();
        const body = stream ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n` : whole;
        fixture.fake.scriptNext({ reply: { body, ...(stream && { headers: EVENTS }) } });
        const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ stream }));
        await answer.text();
        await expect.poll(() => fixture.failed).toMatchObject([{ source: 'usage' }]);
        expect(String(fixture.failed[0]?.error)).toContain(says);
      }
    },
  );

  it('A call that goes to another upstream is a failed event that is not final', async () => {
    await using fixture = await startFixture({ retries: { serverErrors: 1 } });
    const { fake, guard, failed } = fixture;
    fake.scriptNext({ reply: openAIErrors.serverError() });
    const answer = await post(guard, await tokenOf(guard), chat());
    expect(answer.status).toBe(200);
    expect(failed).toMatchObject([{ source: 'upstream', upstream: { status: 500, final: false } }]);
  });

  it('A limit of the upstream that the call waits out is no failed event', async () => {
    await using fixture = await startFixture({}, {});
    const { fake, guard, failed } = fixture;
    fake.scriptNext({
      reply: { ...openAIErrors.rateLimited(0), headers: { 'retry-after-ms': '10' } },
    });
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
    expect(failed).toEqual([]);
  });
});
