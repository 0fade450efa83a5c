import { type Denial, isDenial } from '../../src/core/denial.ts';
import type { admit } from '../../src/pipeline/admit.ts';
import type { authorize } from '../../src/pipeline/authorize.ts';
import type { call } from '../../src/pipeline/call.ts';
import type { identify } from '../../src/pipeline/identify.ts';
import type { meter } from '../../src/pipeline/meter.ts';
import type { PipelineParts } from '../../src/pipeline/pipeline.ts';
import type { settle } from '../../src/pipeline/settle.ts';
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
import type { tag } from '../../src/pipeline/tag.ts';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: the only order of the steps that compiles, and others that must not. */
interface Steps {
  readonly identify: typeof identify;
  readonly authorize: typeof authorize;
  readonly admit: typeof admit;
  readonly tag: typeof tag;
  readonly call: typeof call;
  readonly meter: typeof meter;
  readonly settle: typeof settle;
}

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
type Accepted<Step extends keyof Steps> = {
  [Result in keyof Results]: Results[Result] extends Parameters<Steps[Step]>[0] ? Result : never;
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

export async function rightOrder(
  step: Steps,
  requested: Requested,
  parts: PipelineParts,
): Promise<void> {
  const identified = await step.identify(requested, parts);
  if (isDenial(identified)) return;
  const authorized = await step.authorize(identified, parts);
  if (isDenial(authorized) || 'response' in authorized) return;
  const admitted = await step.admit(authorized, parts);
  if (isDenial(admitted)) return;
  const metered = step.meter(await step.call(await step.tag(admitted, parts), parts), parts);
  await step.settle(admitted, await metered.outcome, parts);
}

export function skippedSteps(step: Steps, at: Results, parts: PipelineParts): void {
  // @ts-expect-error no user was identified
  step.authorize(at.requested, parts);
  // @ts-expect-error no user was identified
  step.admit(at.requested, parts);
  // @ts-expect-error not authorized: the plan was not resolved
  step.admit(at.identified, parts);
  // @ts-expect-error not admitted: nothing is held
  step.tag(at.authorized, parts);
  // @ts-expect-error not admitted: nothing is held
  step.call(at.authorized, parts);
  // @ts-expect-error not tagged: OpenAI would not receive an end-user id
  step.call(at.admitted, parts);
  // @ts-expect-error not called
  step.meter(at.tagged, parts);
  // @ts-expect-error there is no hold to settle
  step.settle(at.authorized, at.outcome, parts);
}

export function swappedSteps(step: Steps, at: Results, parts: PipelineParts): void {
  // @ts-expect-error identified after it was called
  step.identify(at.called, parts);
  // @ts-expect-error authorized after it was called
  step.authorize(at.called, parts);
  // @ts-expect-error admitted after it was called
  step.admit(at.called, parts);
  // @ts-expect-error tagged after it was called
  step.tag(at.called, parts);
  // @ts-expect-error called again with its own answer
  step.call(at.called, parts);
  // @ts-expect-error metered twice
  step.meter(at.metered, parts);
  // @ts-expect-error settled before it was metered
  step.settle(at.admitted, at.called, parts);
  // @ts-expect-error settled with an answer instead of an outcome
  step.settle(at.admitted, at.metered, parts);
  // @ts-expect-error settled with an outcome that is not known yet
  step.settle(at.admitted, Promise.resolve(at.outcome), parts);
}

/** A result must be looked at before it goes on. */
export async function uncheckedResults(
  step: Steps,
  parts: PipelineParts,
  identified: Identified | Denial,
  authorized: Authorized | Answered | Denial,
  admitted: Admitted | Denial,
): Promise<void> {
  // @ts-expect-error a denied call goes no further
  step.authorize(identified, parts);
  // @ts-expect-error a denied call goes no further
  step.admit(authorized, parts);
  if (isDenial(authorized)) return;
  // @ts-expect-error an answered call goes no further
  step.admit(authorized, parts);
  // @ts-expect-error a denied call goes no further
  step.tag(admitted, parts);
  // @ts-expect-error a denied call has nothing to settle
  step.settle(admitted, { kind: 'nothing' }, parts);
}

/** Steps in another order do not compile. */
export function misbuilt(step: Steps): Steps[] {
  return [
    // @ts-expect-error identify and authorize are swapped
    { ...step, identify: step.authorize, authorize: step.identify },
    // @ts-expect-error admit and tag are swapped
    { ...step, admit: step.tag, tag: step.admit },
    // @ts-expect-error call and meter are swapped
    { ...step, call: step.meter, meter: step.call },
    // @ts-expect-error a tag step that drops the call
    { ...step, tag: () => ({ payload: '{}' }) },
  ];
}
