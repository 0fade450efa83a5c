import type { LimitFields } from './limit-fields.ts';
import { EVER, isPeriod } from './window-length.ts';

type Field = 'burst' | 'timeZone' | 'anchor' | 'warnAt' | 'then';

const isRate = ({ burst }: LimitFields): boolean => burst !== undefined;
const isForEver = ({ per }: LimitFields): boolean => per === EVER;
const isCalendar = ({ per, burst }: LimitFields): boolean =>
  per !== undefined && isPeriod(per) && burst === undefined;

/** Fields that a limit must not have together with others. The first one that applies is reported. */
const CLASHES: readonly [Field, (fields: LimitFields) => boolean, why: string][] = [
  ['burst', isForEver, 'needs a window that ends, and "ever" never does'],
  ['timeZone', (fields) => !isCalendar(fields), 'needs a calendar period in "per", and no "burst"'],
  ['anchor', (fields) => !isCalendar(fields), 'needs a calendar period in "per", and no "burst"'],
  ['warnAt', isRate, 'must not be set with "burst": a rate refills all the time'],
  ['then', isRate, 'must not be set with "burst": a rate refills all the time'],
  ['then', isForEver, 'needs a window that ends, and "ever" never does'],
  [
    'then',
    ({ enforce }) => !enforce,
    'must not be set with "enforce: false", which refuses nothing',
  ],
];

/** Throws a `TypeError` that names a field which contradicts another one. */
export function refuseClashes(fields: LimitFields, path: string): void {
  const isSet = (field: Field) =>
    field === 'then' ? fields.spills === true : fields[field] !== undefined;
  const clash = CLASHES.find(([field, clashes]) => isSet(field) && clashes(fields));
  if (clash !== undefined) throw new TypeError(`"${path}.${clash[0]}" ${clash[2]}`);
}
