import { isDenial } from '../../../src/core/denial.ts';
import { readAnswer } from '../../../src/openai/answer/read-answer.ts';
import { streamMeter } from '../../../src/openai/answer/stream-meter.ts';
import type { Reading } from '../../../src/openai/answer/usage.ts';
import { readWireError, type WireError } from '../../../src/openai/answer/wire-error.ts';
import { fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import type { InvoiceLine } from '../../../src/testing/fake-openai/invoice.ts';
import type { Script } from '../../../src/testing/fake-openai/script.ts';
import type { SeenRequest } from '../../../src/testing/fake-openai/seen-request.ts';
import { bodyFor } from '../../../src/upstream/dialects/body-for.ts';
import { takes } from '../../../src/upstream/dialects/takes.ts';
import { UpstreamKeys } from '../../../src/upstream/upstream-keys.ts';
import { pathsOf } from '../../../src/upstream/upstream-spec.ts';
import { allowing, build } from '../../openai/building.ts';
import { endpointNamed } from '../../openai/named.ts';
import { type HostUnderTest, KEY } from './hosts-under-test.ts';

export const END_USER = 'end-user-of-ada';

export interface HostCall {
  readonly endpoint?: string;
  readonly body?: object;
  readonly allow?: unknown;
  readonly script?: Script;
  /** The models that exist. */
  readonly models?: readonly string[];
  /** Sends the body as OpenAI would get it. */
  readonly unchanged?: true;
}

export interface HostAnswer {
  readonly status: number;
  readonly text: string;
  readonly reading: Reading | undefined;
  /** Whether the answer says that it is whole. */
  readonly isWhole: boolean;
  readonly error: WireError | undefined;
  readonly line: InvoiceLine | undefined;
  readonly seen: SeenRequest;
}

/** Sends one request as the guard does, to a fake that speaks as the host. */
export async function callHost(host: HostUnderTest, call: HostCall): Promise<HostAnswer> {
  const { endpoint: name = 'chat.completions', body: more = {}, allow = {}, script = {} } = call;
  await using fake = await fakeOpenAI({
    dialect: host.dialect,
    apiKeys: [KEY],
    maxOutputTokens: 5_000,
    ...(call.models !== undefined && { models: call.models }),
  });
  fake.script(/./, script);
  const spec = host.specFor(fake);
  const endpoint = endpointNamed(name);
  const { body } = build(name, { model: host.model, ...more }, allowing(allow));
  const denial = takes(spec.dialect, endpoint, body);
  if (isDenial(denial)) throw new Error(denial.message);
  const field = endpoint.endUserId?.field;
  if (field !== undefined) body[field] = END_USER;
  const sent = call.unchanged ? body : bodyFor(spec.dialect, endpoint, body, host.model);
  const keys = new UpstreamKeys(spec.keySource, spec.headers, 1_000, spec.keyHeader);
  const { headers } = await keys.keyFor({ id: 'ada' }, 'free');
  const answer = await fetch(spec.baseURL + pathsOf(spec)(endpoint.path, host.model), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(sent),
  });
  const text = await answer.text();
  const [seen] = fake.requests;
  if (seen === undefined) throw new Error('nothing was sent');
  const { status } = answer;
  const read = isStream(answer) ? readStream(name, text) : readWhole(name, text);
  const error = answer.ok ? undefined : readWireError(JSON.parse(text));
  return { status, text, ...read, error, line: fake.invoice[0], seen };
}

const isStream = ({ headers }: Response) =>
  headers.get('content-type')?.startsWith('text/event-stream') === true;

function readWhole(name: string, text: string) {
  const read = readAnswer(endpointNamed(name).usage, Buffer.from(text));
  return { reading: read === 'invalid' ? undefined : read.reading, isWhole: true };
}

function readStream(name: string, text: string) {
  const meter = streamMeter(endpointNamed(name), { hideUsage: false });
  meter.push(Buffer.from(text));
  meter.end();
  return { reading: meter.reading, isWhole: meter.isWhole };
}
