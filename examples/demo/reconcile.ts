import type { SettledEvent } from 'guarded-completion';
import type { FakeOpenAI, InvoiceLine } from 'guarded-completion/testing';
import { check, step, table, tell, usd } from './report.ts';

interface Pair {
  readonly event: SettledEvent;
  readonly line: InvoiceLine;
}

const TAG_LENGTH_MAX = 64;

/** Compares the guard's charges with the invoice of the fake. The calls were made one after another. */
export async function reconcile(settled: readonly SettledEvent[], fake: FakeOpenAI): Promise<void> {
  await fake.idle();
  step('What the guard charged, compared with what OpenAI bills');
  check('there are as many charges as invoice lines', settled.length === fake.invoice.length);
  const pairs = settled.flatMap((event, index) => {
    const line = fake.invoice[index];
    return line === undefined ? [] : [{ event, line }];
  });
  table(
    ['user', 'call', 'tokens charged', 'tokens billed', 'charged', 'billed'],
    pairs.map((pair, index) => row(pair, index)),
  );
  const whole = pairs.filter(({ event }) => !event.estimated);
  const cut = pairs.filter(({ event }) => event.estimated);
  check('every finished call is charged exactly what is billed', whole.every(isEqual));
  check('the call that was cut is charged an upper bound', cut.length === 1 && cut.every(isBound));
  tellTags(pairs);
}

function row({ event, line }: Pair, index: number): string[] {
  return [
    event.userId,
    `${index + 1}${event.estimated ? ' (cut)' : ''}`,
    `${event.inputTokens} + ${event.outputTokens}`,
    `${line.inputTokens} + ${line.outputTokens}`,
    usd(event.costNanoUsd),
    usd((line.costUsd ?? Number.NaN) * 1e9),
  ];
}

function isEqual({ event, line }: Pair): boolean {
  // The guard counts whole nano-dollars, rounded up. The invoice has fractions.
  const roundedUp = event.costNanoUsd - (line.costUsd ?? Number.NaN) * 1e9;
  return (
    event.inputTokens === line.inputTokens &&
    event.outputTokens === line.outputTokens &&
    roundedUp > -1e-3 &&
    roundedUp < 1
  );
}

function isBound({ event, line }: Pair): boolean {
  return (
    event.inputTokens >= line.inputTokens &&
    event.outputTokens >= line.outputTokens &&
    event.costNanoUsd >= (line.costUsd ?? Number.NaN) * 1e9
  );
}

function tellTags(pairs: readonly Pair[]): void {
  step('The end-user ids, as OpenAI saw them');
  const tagOf = new Map<string, Set<string>>();
  for (const { event, line } of pairs) {
    const tags = tagOf.get(event.userId) ?? new Set();
    tagOf.set(event.userId, tags.add(line.safetyIdentifier ?? ''));
  }
  for (const tags of tagOf.values()) for (const tag of tags) tell(tag);
  const all = [...tagOf.values()].flatMap((tags) => [...tags]);
  check(
    'each user has their own id',
    all.length === tagOf.size && new Set(all).size === all.length,
  );
  const unreadable = (tag: string) =>
    tag.length > 0 &&
    tag.length <= TAG_LENGTH_MAX &&
    ![...tagOf.keys()].some((id) => tag.includes(id));
  check('no id reveals the user', all.every(unreadable));
}
