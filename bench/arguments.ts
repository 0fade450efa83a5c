import { parseArgs } from 'node:util';
import { BASELINE } from './stores/baseline.ts';

/** The arguments of `npm run bench -- …`. */
export interface Arguments {
  /** The parts to run. If empty, all parts run. */
  readonly named: readonly string[];
  /** Measures how cost grows, instead of the targets. */
  readonly growth: boolean;
  readonly quick: boolean;
  /** Writes the figures into docs/. */
  readonly save: boolean;
  /** The commit to compare ledgers with. */
  readonly against: string;
}

/** Reads the command line. Throws a `TypeError` that names an unknown option. */
export function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      growth: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      against: { type: 'string', default: BASELINE },
    },
  });
  if (values.quick && values.save)
    throw new TypeError('"--quick" cannot be combined with "--save": its figures mean nothing');
  return { ...values, named: positionals };
}

/** Returns the named parts in the order of `parts`, or all of them if none is named. */
export function partsOf<Part extends string>(
  parts: Readonly<Record<Part, unknown>>,
  named: readonly string[],
): readonly Part[] {
  const known = Object.keys(parts) as Part[];
  const unknown = named.filter((name) => !known.some((part) => part === name));
  if (unknown.length > 0) {
    throw new TypeError(`there is no part "${unknown.join('", "')}"; parts: ${known.join(', ')}`);
  }
  return named.length > 0 ? known.filter((part) => named.includes(part)) : known;
}
