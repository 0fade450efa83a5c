import { type Denial, isDenial } from '../../src/core/denial.ts';
import type { Line } from '../../src/pipeline/pipeline.ts';
import type {
  Admitted,
  Answered,
  Authorized,
  Called,
  Identified,
  Metered,
  Outcome,
  Requested,
  Tagged,
} from '../../src/pipeline/states.ts';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: the one order of the stages that compiles, and others that must not. */
interface Results {
  readonly requested: Requested;
  readonly identified: Identified;
  readonly authorized: Authorized;
  readonly admitted: Admitted;
  readonly tagged: Tagged;
  readonly called: Called;
  readonly metered: Metered;
  readonly outcome: Outcome;
}

/** Which results a stage takes. */
type Accepted<Stage extends Exclude<keyof Line, 'refuse'>> = {
  [Result in keyof Results]: Results[Result] extends Parameters<Line[Stage]>[0] ? Result : never;
}[keyof Results];

/**
 * Every stage with every result: none takes one that is older than what the stage before it made. In
 * any other order of the seven some stage comes before its predecessor, and so does not compile.
 */
export function everyPair(): void {
  type BeforeCall = 'requested' | 'identified' | 'authorized' | 'admitted' | 'tagged';
  assertType<Equal<Accepted<'identify'>, BeforeCall>>();
  assertType<Equal<Accepted<'authorize'>, Exclude<BeforeCall, 'requested'>>>();
  assertType<Equal<Accepted<'admit'>, 'authorized' | 'admitted' | 'tagged'>>();
  assertType<Equal<Accepted<'tag'>, 'admitted' | 'tagged'>>();
  assertType<Equal<Accepted<'call'>, 'tagged'>>();
  assertType<Equal<Accepted<'meter'>, 'called'>>();
  assertType<Equal<Accepted<'settle'>, 'admitted' | 'tagged'>>();
}

export async function rightOrder(line: Line, requested: Requested): Promise<void> {
  const identified = await line.identify(requested);
  if (isDenial(identified)) return;
  const authorized = await line.authorize(identified);
  if (isDenial(authorized) || 'answer' in authorized) return;
  const admitted = await line.admit(authorized);
  if (isDenial(admitted)) return;
  const metered = line.meter(await line.call(await line.tag(admitted)));
  await line.settle(admitted, await metered.outcome);
}

export function skippedStages(line: Line, at: Results): void {
  // @ts-expect-error nobody was identified
  line.authorize(at.requested);
  // @ts-expect-error nobody was identified
  line.admit(at.requested);
  // @ts-expect-error not authorized: the plan was never asked
  line.admit(at.identified);
  // @ts-expect-error not admitted: nothing is held
  line.tag(at.authorized);
  // @ts-expect-error not admitted: nothing is held
  line.call(at.authorized);
  // @ts-expect-error not tagged: OpenAI could not tell whose call it is
  line.call(at.admitted);
  // @ts-expect-error not called
  line.meter(at.tagged);
  // @ts-expect-error nothing is held that could be settled
  line.settle(at.authorized, at.outcome);
}

export function swappedStages(line: Line, at: Results): void {
  // @ts-expect-error identified after it was called
  line.identify(at.called);
  // @ts-expect-error authorized after it was called
  line.authorize(at.called);
  // @ts-expect-error admitted after it was called
  line.admit(at.called);
  // @ts-expect-error tagged after it was called
  line.tag(at.called);
  // @ts-expect-error called again with its answer
  line.call(at.called);
  // @ts-expect-error metered twice
  line.meter(at.metered);
  // @ts-expect-error settled before it was metered
  line.settle(at.admitted, at.called);
  // @ts-expect-error settled with an answer instead of an outcome
  line.settle(at.admitted, at.metered);
  // @ts-expect-error settled with an outcome that is not known yet
  line.settle(at.admitted, Promise.resolve(at.outcome));
}

/** A result must be looked at before it goes on. */
export async function uncheckedResults(
  line: Line,
  identified: Identified | Denial,
  authorized: Authorized | Answered | Denial,
  admitted: Admitted | Denial,
): Promise<void> {
  // @ts-expect-error who was denied goes no further
  line.authorize(identified);
  // @ts-expect-error who was denied goes no further
  line.admit(authorized);
  if (isDenial(authorized)) return;
  // @ts-expect-error what was answered already goes no further
  line.admit(authorized);
  // @ts-expect-error who was denied goes no further
  line.tag(admitted);
  // @ts-expect-error who was denied has nothing to settle
  line.settle(admitted, { kind: 'nothing' });
}

/** A line built in another order is not a `Line`. */
export function misbuilt(line: Line): Line[] {
  return [
    // @ts-expect-error identify and authorize changed places
    { ...line, identify: line.authorize, authorize: line.identify },
    // @ts-expect-error admit and tag changed places
    { ...line, admit: line.tag, tag: line.admit },
    // @ts-expect-error call and meter changed places
    { ...line, call: line.meter, meter: line.call },
    // @ts-expect-error a tagger that forgets the call
    { ...line, tag: () => ({ payload: '{}' }) },
  ];
}
