import { type Denial, deny } from '../core/denial.ts';
import {
  type ExplainedViolation,
  explainAll,
  figures,
  isSoon,
  latest,
  mayClearAtAnyMoment,
  type Need,
  tooLargeSentence,
  whenItFits,
} from './broken-limit.ts';
import type { LimitViolation } from './limit-status.ts';

/**
 * The denial of a call that breaks limits of its user's groups, and perhaps global ones. It names the kind of the
 * group whose limit lasts longest, and shows figures only of kinds that show theirs. It may be repeated when
 * everything in the way ends soon, or can end at any moment.
 */
export function groupDenial(
  groups: readonly LimitViolation[],
  global: readonly LimitViolation[],
  need: Need,
  nowMs: number,
): Denial {
  const explained = explainAll(groups, need);
  const [worst] = explained;
  const all = [...groups, ...global];
  const resetsAtMs = worst.code === 'call_exceeds_limit' ? undefined : shownReset(all, nowMs);
  const shown = explained.filter(showsFigures).map((each) => each.shown);
  const mayRepeat = all.every((broken) => endsSoon(broken, nowMs));
  const message = `${sentence(worst, resetsAtMs, need)}${global.length > 0 ? ALSO_GLOBAL : ''}`;
  return deny('group_limit_exceeded', message, {
    ...(shown.length > 0 && { limits: shown }),
    ...(resetsAtMs !== undefined && { resetsAtMs }),
    ...(mayRepeat && { shouldRetry: true }),
  });
}

const ALSO_GLOBAL = ' A limit of the whole service is in the way, too.';

const showsFigures = ({ claim }: Pick<LimitViolation, 'claim'>): boolean =>
  claim.group?.showsFigures === true;

const endsSoon = (broken: LimitViolation, nowMs: number): boolean =>
  mayClearAtAnyMoment(broken) || isSoon(broken.violation.fitsAtMs, nowMs);

/** A time that is far off is a figure of the limit. */
function shownReset(all: readonly LimitViolation[], nowMs: number): number | undefined {
  const atMs = latest(all);
  return isSoon(atMs, nowMs) || all.every(showsFigures) ? atMs : undefined;
}

function sentence(worst: ExplainedViolation, resetsAtMs: number | undefined, need: Need): string {
  const isShown = showsFigures(worst);
  if (worst.code === 'call_exceeds_limit' && isShown) return tooLargeSentence(worst, need);
  const left = isShown ? ` ${figures(worst)}` : '';
  return `${reason(worst, need)}${left}${whenItFits(resetsAtMs)}`;
}

/** LangChain and others recognise "out of quota, do not repeat" by these words (read 2026-11). */
const OUT_OF_QUOTA = 'You exceeded your current quota';

function reason({ code, shown }: ExplainedViolation, { advice }: Need): string {
  const members = `the members of your ${shown.groupKind}`;
  if (code === 'call_exceeds_limit') {
    return `This call is larger than all that ${members} share.${advice}`;
  }
  if (code === 'too_many_concurrent') return `Too many calls of ${members} at once.`;
  if (code === 'rate_limit_exceeded') return `Too many calls of ${members} in a short time.`;
  return shown.hard
    ? `${OUT_OF_QUOTA}: what ${members} share is used up.`
    : `${OUT_OF_QUOTA}: calls in flight hold what ${members} share.`;
}
