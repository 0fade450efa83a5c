import { type Denial, deny } from '../core/denial.ts';
import {
  type ExplainedViolation,
  explainAll,
  figures,
  latest,
  mayClearAtAnyMoment,
  type Need,
  tooLargeSentence,
  whenItFits,
} from './broken-limit.ts';
import type { LimitViolation } from './limit-status.ts';

/** The denial of a call that breaks limits of its own user or token, with all their figures. */
export function ownDenial(own: readonly LimitViolation[], need: Need): Denial {
  const explained = explainAll(own, need);
  const [worst] = explained;
  if (worst.code === 'invalid_credential') return deny(worst.code, 'The user token was used up.');
  const isTooLarge = worst.code === 'call_exceeds_limit';
  const resetsAtMs = isTooLarge ? undefined : latest(own);
  const message = isTooLarge ? tooLargeSentence(worst, need) : sentence(worst, resetsAtMs);
  return deny(worst.code, message, {
    limits: explained.map(({ shown }) => shown),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
    ...(!isTooLarge && own.every(mayClearAtAnyMoment) && { shouldRetry: true }),
  });
}

/** LangChain and others recognise "out of quota, do not repeat" by these words (read 2026-11). */
function sentence(broken: ExplainedViolation, resetsAtMs: number | undefined): string {
  const { code, shown } = broken;
  const left = figures(broken);
  if (code === 'too_many_concurrent') return `Too many calls at once. ${left}`;
  const when = whenItFits(resetsAtMs);
  if (code === 'rate_limit_exceeded') return `Too many calls in a short time. ${left}${when}`;
  const held = shown.hard ? '' : ' Calls in flight hold the rest.';
  return `You exceeded your current quota. ${left}${held}${when}`;
}
