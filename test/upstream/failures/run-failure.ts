import { createGuardedCompletion } from '../../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import type { InvoiceLine } from '../../../src/testing/fake-openai/invoice.ts';
import { openAI } from '../../../src/upstream/index.ts';
import { limitCounts } from '../../attacks/served.ts';
import { canaries, chat, MODEL, post, tokenOf } from '../../fixture.ts';
import type { Charge, Ending, Failure } from './cases.ts';

export interface Setup {
  readonly stream: boolean;
  readonly hasBackup: boolean;
  readonly serverErrors: number;
}

/** How a call ended, and what must hold however it ended. */
export interface Ended extends Ending {
  /** The sources of the `failed` events. */
  readonly events: readonly string[];
  readonly ledger: {
    readonly requests: Counts;
    readonly tokens: Counts;
    readonly concurrent: Counts;
  };
  readonly invoice: readonly InvoiceLine[];
}

interface Counts {
  readonly used: number;
  readonly held: number;
}

/** The port of `tcpmux`, at which nothing listens. */
const NO_LISTENER = 'http://127.0.0.1:1/v1';
const FAST = 'fast';

/** Makes one call to a guard whose first request fails, and waits until it is settled. */
export async function runFailure(failure: Failure, setup: Setup): Promise<Ended> {
  await using main = await fakeOpenAI();
  await using backup = await fakeOpenAI();
  if (failure.first !== 'no listener') main.scriptNext(failure.first);
  const guard = guardOf(failure, setup, { main, backup });
  const events: string[] = [];
  guard.on('failed', ({ source }) => void events.push(source));
  const charged = nextCharge(guard);
  try {
    const answer = await post(
      guard,
      await tokenOf(guard),
      chat({ model: FAST, stream: setup.stream }),
    );
    const client = `${answer.status} ${errorCode(await answer.text())}`.trim();
    const settled = await charged;
    const invoice = [...main.invoice, ...backup.invoice];
    const counts = {
      main: main.requests.length,
      ...(setup.hasBackup && { backup: backup.requests.length }),
    };
    const charge = chargeOf(settled, invoice);
    const [requests, tokens, concurrent] = await Promise.all([
      limitCounts(guard, 'ada', 'requests'),
      limitCounts(guard, 'ada', 'tokens'),
      limitCounts(guard, 'ada', 'concurrent'),
    ]);
    return { client, ...counts, charge, events, ledger: { requests, tokens, concurrent }, invoice };
  } finally {
    await guard.close({ graceMs: 0 });
  }
}

function guardOf(
  { first, timeouts }: Failure,
  setup: Setup,
  fakes: Record<'main' | 'backup', FakeOpenAI>,
) {
  const baseURL = first === 'no listener' ? NO_LISTENER : fakes.main.baseURL;
  const main = openAI({ apiKey: canaries.apiKey, baseURL });
  const backup = openAI({ apiKey: canaries.apiKey, baseURL: fakes.backup.baseURL });
  return createGuardedCompletion({
    upstreams: setup.hasBackup ? { main, backup } : { main },
    models: { [FAST]: setup.hasBackup ? [`main/${MODEL}`, `backup/${MODEL}`] : [`main/${MODEL}`] },
    secret: canaries.secret,
    plans: {
      free: {
        models: [FAST, MODEL],
        maxOutputTokens: 100,
        limits: [{ requests: 15, per: '24h' }, { tokens: 100_000, per: '24h' }, { concurrent: 2 }],
      },
    },
    retries: { serverErrors: setup.serverErrors },
    ...(timeouts && { timeouts }),
  });
}

type Guarded = ReturnType<typeof createGuardedCompletion>;

interface Settled {
  readonly requests: number;
  readonly tokens: number;
  readonly estimated: boolean;
}

/** Resolves with what the next call is charged; `undefined` if its hold is given back. */
function nextCharge(guard: Guarded): Promise<Settled | undefined> {
  return new Promise((resolve) => {
    guard.on('released', () => resolve(undefined));
    guard.on('settled', ({ inputTokens, outputTokens, estimated }) =>
      resolve({ requests: 1, tokens: inputTokens + outputTokens, estimated }),
    );
  });
}

function chargeOf(settled: Settled | undefined, invoice: readonly InvoiceLine[]): Charge {
  if (settled === undefined) return 'nothing';
  if (settled.estimated) return 'hold';
  return invoice.length === 0 && settled.tokens === 0 ? 'request' : 'invoice';
}

export const billedTokens = (invoice: readonly InvoiceLine[]): number =>
  invoice.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);

/** The code of the error in an answer, be it the whole of it or an event of a stream. */
function errorCode(text: string): string {
  const found = /\{"error":\{.*\}\}/s.exec(text)?.[0];
  if (found === undefined) return '';
  const { error } = JSON.parse(found) as { error: { code: string | null } };
  return error.code ?? '';
}
