import { type Denial, isDenial } from '../../src/core/denial.ts';
import type { Pipeline } from '../../src/pipeline/pipeline.ts';
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

/** Compiled, never run: the only order of the steps that compiles, and others that must not. */
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

/** The results that a step accepts. */
type Accepted<Stage extends Exclude<keyof Pipeline, 'refuse'>> = {
  [Result in keyof Results]: Results[Result] extends Parameters<Pipeline[Stage]>[0]
    ? Result
    : never;
}[keyof Results];

/**
 * Every step with every result: no step accepts one that is older than the result of the step
 * before it. In any other order of the seven, some step comes before its predecessor and does not
 * compile.
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

export async function rightOrder(line: Pipeline, requested: Requested): Promise<void> {
  const identified = await line.identify(requested);
  if (isDenial(identified)) return;
  const authorized = await line.authorize(identified);
  if (isDenial(authorized) || 'response' in authorized) return;
  const admitted = await line.admit(authorized);
  if (isDenial(admitted)) return;
  const metered = line.meter(await line.call(await line.tag(admitted)));
  await line.settle(admitted, await metered.outcome);
}

export function skippedStages(line: Pipeline, at: Results): void {
  // @ts-expect-error no user was identified
  line.authorize(at.requested);
  // @ts-expect-error no user was identified
  line.admit(at.requested);
  // @ts-expect-error not authorized: the plan was not resolved
  line.admit(at.identified);
  // @ts-expect-error not admitted: nothing is held
  line.tag(at.authorized);
  // @ts-expect-error not admitted: nothing is held
  line.call(at.authorized);
  // @ts-expect-error not tagged: OpenAI would not receive an end-user id
  line.call(at.admitted);
  // @ts-expect-error not called
  line.meter(at.tagged);
  // @ts-expect-error there is no hold to settle
  line.settle(at.authorized, at.outcome);
}

export function swappedStages(line: Pipeline, at: Results): void {
  // @ts-expect-error identified after it was called
  line.identify(at.called);
  // @ts-expect-error authorized after it was called
  line.authorize(at.called);
  // @ts-expect-error admitted after it was called
  line.admit(at.called);
  // @ts-expect-error tagged after it was called
  line.tag(at.called);
  // @ts-expect-error called again with its own answer
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

/** A result must be checked before the next step. */
export async function uncheckedResults(
  line: Pipeline,
  identified: Identified | Denial,
  authorized: Authorized | Answered | Denial,
  admitted: Admitted | Denial,
): Promise<void> {
  // @ts-expect-error a denied call goes no further
  line.authorize(identified);
  // @ts-expect-error a denied call goes no further
  line.admit(authorized);
  if (isDenial(authorized)) return;
  // @ts-expect-error an answered call goes no further
  line.admit(authorized);
  // @ts-expect-error a denied call goes no further
  line.tag(admitted);
  // @ts-expect-error a denied call has nothing to settle
  line.settle(admitted, { kind: 'nothing' });
}

/** A pipeline built in another order does not compile. */
export function misbuilt(line: Pipeline): Pipeline[] {
  return [
    // @ts-expect-error identify and authorize are swapped
    { ...line, identify: line.authorize, authorize: line.identify },
    // @ts-expect-error admit and tag are swapped
    { ...line, admit: line.tag, tag: line.admit },
    // @ts-expect-error call and meter are swapped
    { ...line, call: line.meter, meter: line.call },
    // @ts-expect-error a tag step that drops the call
    { ...line, tag: () => ({ payload: '{}' }) },
  ];
}
