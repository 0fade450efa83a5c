import type { SettledEvent } from 'guarded-completion';
import { APIError } from 'openai';
import { type App, logIn } from './app.ts';
import type { Backend } from './backend.ts';
import type { People } from './kept.ts';
import { check, step, tell, usd } from './report.ts';

const QUESTIONS = ['Why is the sky blue?', 'What makes the tides?', 'Why does bread rise?'];
const PIECES_BEFORE_BLOCK = 5;
const CHARGED_WITHIN_MS = 60_000;

/** Plays all calls of two users. Returns what the guard charged. */
export async function play(backend: Backend, people: People): Promise<readonly SettledEvent[]> {
  const settled: SettledEvent[] = [];
  backend.guard.on('settled', (event) => void settled.push(event));
  const teller = new Teller(backend);

  step('ada logs in, and the app gets a user token. The API key stays on the server');
  const ada = await logIn(backend.origin, people.ada);
  const bob = await logIn(backend.origin, people.bob);
  tell(`token ${ada.token.value.slice(0, 10)}…, until ${unixTime(ada.token.expires_at)}`);
  for (const question of QUESTIONS) {
    step(`ada, on plan "free" (3 requests in 24 hours), asks: ${question}`);
    await teller.answer(people.ada, ada, question);
    if (question === QUESTIONS[1]) await teller.served(people.bob, bob);
  }
  step('ada asks a fourth time');
  await teller.refused(ada);
  await teller.served(people.bob, bob);
  step('ada buys "pro", and is served at once');
  backend.planOfUser.set(people.ada, 'pro');
  await backend.guard.users.changed(people.ada);
  await teller.answer(people.ada, ada, 'Why is the sky blue, again?');
  step('ada is reported, and blocked in the middle of an answer');
  await teller.cut(people.ada, ada);
  await teller.served(people.bob, bob);
  return settled;
}

class Teller {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async answer(user: string, app: App, question: string): Promise<void> {
    const charged = this.#nextCharge(user);
    process.stdout.write('   │ ');
    let pieces = 0;
    for await (const piece of app.ask(question)) {
      process.stdout.write(piece);
      pieces += 1;
    }
    process.stdout.write('\n');
    check(`the answer came in ${pieces} pieces`, pieces > 1);
    await this.#tellStanding(user, await charged);
  }

  async served(user: string, app: App): Promise<void> {
    const charged = this.#nextCharge(user);
    let text = '';
    for await (const piece of app.ask('Why does bread rise?')) text += piece;
    await charged;
    check(`meanwhile ${user} is served as usual`, text.length > 0);
  }

  async refused(app: App): Promise<void> {
    const error = await failureOf(app.ask('And one more?'));
    const { limits, resets_at } = (error?.error ?? {}) as {
      limits?: { name: string }[];
      resets_at?: number;
    };
    tell(`${error?.code}: ${error?.message}`);
    check('ada is denied with "quota_exceeded"', error?.code === 'quota_exceeded');
    check('the denial names the limit', limits?.[0]?.name === 'requests-24h');
    check(
      'the denial says when a call fits again',
      resets_at !== undefined && resets_at > Date.now() / 1000,
    );
    tell(`a call fits again at ${unixTime(resets_at ?? 0)}`);
  }

  async cut(user: string, app: App): Promise<void> {
    const { users } = this.#backend.guard;
    let pieces = 0;
    let blockedAtMs = 0;
    const reading = async function* () {
      for await (const piece of app.ask('Write me a novel.')) {
        pieces += 1;
        if (pieces === PIECES_BEFORE_BLOCK) {
          await users.block(user, { reason: 'reported for abuse' });
          blockedAtMs = Date.now();
        }
        yield piece;
      }
    };
    const error = await failureOf(reading());
    tell(`after ${pieces} pieces: ${error?.code}: ${error?.message}`);
    check('the stream is cut with "user_blocked"', error?.code === 'user_blocked');
    check('it is cut within a second', Date.now() - blockedAtMs < 1_000);
    const next = await failureOf(app.ask('Hello?'));
    check('the next call returns 403', next?.status === 403 && next.code === 'user_blocked');
  }

  /** Waits for the user's next charge, which is written just after the answer. `undefined` on timeout. */
  #nextCharge(user: string): Promise<SettledEvent | undefined> {
    return new Promise((resolve) => {
      const end = (charge?: SettledEvent) => {
        stop();
        clearTimeout(timer);
        resolve(charge);
      };
      const stop = this.#backend.guard.on('settled', (event) => {
        if (event.userId === user) end(event);
      });
      const timer = setTimeout(() => end(), CHARGED_WITHIN_MS);
    });
  }

  async #tellStanding(user: string, charge: SettledEvent | undefined): Promise<void> {
    if (charge === undefined) return check('the call was charged', false);
    const { inputTokens, outputTokens, costNanoUsd } = charge;
    tell(`charged: ${inputTokens} + ${outputTokens} tokens, ${usd(costNanoUsd)}`);
    const { plan, limits } = await this.#backend.guard.users.usage(user);
    const left = limits.map(({ name, remaining }) => `${name} ${remaining}`);
    tell(`left on "${plan}": ${left.join(', ')}`);
  }
}

async function failureOf(answer: AsyncGenerator<string>): Promise<APIError | undefined> {
  try {
    for await (const _ of answer);
    return undefined;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
}

const unixTime = (seconds: number) => new Date(seconds * 1000).toISOString();
