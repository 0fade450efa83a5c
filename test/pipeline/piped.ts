import { Events, type GuardEvents } from '../../src/core/events.ts';
import type { GuardRequest } from '../../src/core/request.ts';
import type { ByteSink, ByteSource, GuardResponse } from '../../src/core/response.ts';
import { GroupStates } from '../../src/groups/group-states.ts';
import { UserGroups } from '../../src/groups/user-groups.ts';
import { createPipeline } from '../../src/guard/create-pipeline.ts';
import { createUpstreams } from '../../src/guard/create-upstreams.ts';
import type { GuardOptions } from '../../src/index.ts';
import { PriceList } from '../../src/openai/prices/prices.ts';
import { parseOptions } from '../../src/options/guard-options.ts';
import { callLedger } from '../../src/pipeline/call-ledger.ts';
import { InFlightCalls } from '../../src/pipeline/in-flight.ts';
import { type PipelineParts, runPipeline } from '../../src/pipeline/pipeline.ts';
import { createPlanResolver } from '../../src/plans/plan-resolver.ts';
import { StopRecord } from '../../src/stops/stop-record.ts';
import { createCredentials } from '../../src/tokens/credentials.ts';
import type { Transport, UpstreamReply } from '../../src/upstream/transport.ts';
import { noEndUserIds } from '../../src/users/end-user-ids.ts';
import { UserStates } from '../../src/users/user-states.ts';
import { createUsers } from '../../src/users/users.ts';
import { canaries, MODEL } from '../fixture.ts';

/** What happened, in order: verbs of the ledger, requests to OpenAI, and events. */
export type Happened = 'reserve' | 'settle' | 'release' | 'sent' | keyof GuardEvents;

export interface Piped {
  readonly happened: Happened[];
  readonly parts: PipelineParts;
  /** The latest body that OpenAI streams. */
  readonly stream: FakeSource;
  run(request?: Partial<GuardRequest>): Promise<GuardResponse>;
}

export const CHAT = { model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }] };
const USAGE = { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 };
export const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: MODEL,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: USAGE,
};
export const LAST_CHUNK = `data: ${JSON.stringify({ ...COMPLETION, object: 'chat.completion.chunk', choices: [] })}\n\n`;
export const DONE = 'data: [DONE]\n\n';

/** A body that sends what a test pushes. */
export class FakeSource implements ByteSource {
  cancelled = false;
  #sink: ByteSink | undefined;
  readonly #whole: string | undefined;

  constructor(whole?: string) {
    this.#whole = whole;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    if (this.#whole === undefined) return;
    this.push(this.#whole);
    this.end();
  }

  push(text: string): void {
    this.#sink?.write(Buffer.from(text));
  }

  end(): void {
    this.#sink?.end();
  }

  fail(): void {
    this.#sink?.fail();
  }

  resume(): void {}

  cancel(): void {
    this.cancelled = true;
  }
}

export function replyOf(
  body: unknown,
  { status = 200, type = 'application/json' } = {},
): UpstreamReply & { readonly body: FakeSource } {
  return {
    status,
    header: (name) => (name === 'content-type' ? type : undefined),
    body: new FakeSource(body === undefined ? undefined : JSON.stringify(body)),
  };
}

/** A request of the user "ada". */
export function requestOf(more: Partial<GuardRequest> = {}): GuardRequest {
  return {
    method: 'POST',
    path: '/chat/completions',
    query: '',
    host: undefined,
    header: (name) => (name === 'content-type' ? 'application/json' : undefined),
    readBody: () => ({ kind: 'parsed', value: CHAT }),
    onDisconnect: () => {},
    ...more,
  };
}

/** The parts of a guard's pipeline, without HTTP and without OpenAI. `send` replies for OpenAI. */
export function pipedParts(
  options: Partial<GuardOptions> = {},
  send: (body: string) => Promise<UpstreamReply> = async () => replyOf(COMPLETION),
): Piped {
  const happened: Happened[] = [];
  const settings = parseOptions({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    auth: { authenticate: () => ({ user: { id: 'ada' } }) },
    plans: { free: { models: [MODEL], maxOutputTokens: 100 } },
    ...options,
  });
  const { clock, ledger } = settings;
  const events = new Events();
  for (const name of ['denied', 'failed', 'settled', 'released'] as const) {
    events.on(name, () => void happened.push(name));
  }
  const verbs = callLedger(ledger);
  const states = new UserStates(ledger.records);
  const plans = createPlanResolver(
    settings.plans,
    settings.planOf,
    { ...settings.plan, deadlineMs: settings.hookMs },
    clock,
  );
  const groups = new UserGroups({
    kinds: settings.groups,
    groupsOf: settings.groupsOf,
    states: new GroupStates(ledger.records),
    settings: settings.plan,
    clock,
  });
  const endUserIds = noEndUserIds;
  let stream = new FakeSource();
  const transport: Transport = {
    send({ body }) {
      happened.push('sent');
      const reply = send(body).then((sent) => {
        if (sent.body instanceof FakeSource) stream = sent.body;
        return sent;
      });
      return { reply, cancel: () => stream.cancel() };
    },
    close: async () => {},
  };
  const parts = createPipeline({
    settings,
    events,
    states,
    stops: new StopRecord(ledger.records, () => {}),
    plans,
    groups,
    prices: new PriceList(settings.prices, clock),
    endUserIds,
    upstreams: createUpstreams(settings, { ledger, events }, () => transport),
    credentials: createCredentials(settings, ledger.records, states),
    calls: new InFlightCalls(clock, settings.inFlightBounds, () => {}),
    users: createUsers({ ledger, states, plans, groups, endUserIds, events, clock }),
    ledger: {
      ...verbs,
      reserve(...args) {
        happened.push('reserve');
        return verbs.reserve(...args);
      },
      settle(...args) {
        happened.push('settle');
        return verbs.settle(...args);
      },
      release(...args) {
        happened.push('release');
        return verbs.release(...args);
      },
    },
  });
  return {
    happened,
    parts,
    get stream() {
      return stream;
    },
    run: (request) => runPipeline({ request: requestOf(request) }, parts),
  };
}
