import * as z from 'zod';
import { isCountableUsd, USD_MAX } from '../base/money.ts';
import type { OptionalOptions, RequiredOptions, TypedOption } from '../base/option-schema.ts';
import type { User } from '../core/user.ts';
import type { CountedUnitName, UnitName } from '../ledger/amounts.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { anchorText } from './anchor-text.ts';
import { modelPattern } from './model-pattern.ts';

/** A calendar period, in `timeZone` (IANA, default UTC). Weeks start on Monday. */
export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** A span of time: `'500ms'`, `'90s'`, `'15m'`, `'24h'`, `'7d'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** The window of a limit: a duration, a calendar period, or `'ever'`, which never ends. */
export type Per = Duration | Period | 'ever';

/** When periods start: an ISO date (`'2026-01-31'`), an instant, or a `Date`. `undefined`: as in the calendar. */
export type AnchorDate = string | Date | undefined;

/** Returns when a user's own periods start, at once or by a look-up. */
export type LimitAnchor = (user: User) => AnchorDate | Promise<AnchorDate>;

/** The characters of a structured field string: names are shown in the `RateLimit` header. */
const HEADER_SAFE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

const whole = (least: number) => {
  const error = `must be a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}`;
  return z.int({ error }).min(least, { error });
};
const dollars = (error = `must be a number from 0 to ${USD_MAX}`) =>
  z
    .number({ error })
    .min(0, { error })
    .max(USD_MAX, { error })
    .refine(isCountableUsd, { error: 'must be 0 or at least 0.000000001' });

/** The amount of a limit, as it is written. A limit has exactly one of these. */
export const amountShape = {
  /** Calls; a whole number. */
  requests: whole(0),
  /** Input and output tokens together; a whole number. */
  tokens: whole(0),
  /** Input tokens, cached ones included; a whole number. */
  inputTokens: whole(0),
  /** Output tokens, reasoning included; a whole number. */
  outputTokens: whole(0),
  /** Money in US dollars, down to 0.000000001. Fractions are allowed. */
  usd: dollars(),
  /** Calls in flight; a whole number. It has no window. */
  concurrent: whole(0),
  /** Images that are made; a whole number. */
  images: whole(0),
  /** Seconds of audio, rounded up; a whole number. */
  seconds: whole(0),
} satisfies Readonly<Record<UnitName, z.ZodType>>;

const ENDPOINTS = `must be one of "${endpointNames.join('", "')}"`;

/** The fields that every limit may have. */
export const everyLimitShape = {
  /** The name in denials and headers, unique within a plan; 1 to 64 printable ASCII characters without
   * `"` and `\`. Without it, unit, window and what is counted: `'requests-24h'`, `'usd-month'`, `'concurrent'`,
   * `'requests-day-gpt-5'`. A limit with a name keeps its counter when its models or endpoints change. */
  name: z
    .string({ error: 'must be a string' })
    .regex(HEADER_SAFE, { error: 'must be 1 to 64 printable ASCII characters without " and \\' })
    .optional(),
  /**
   * What happens to a call under this limit while the store fails. `'deny'`: the call gets 503
   * `ledger_unavailable`. `'allow'`: it is served as if the limit did not exist. `'local'`: this process
   * gives out its share of the limit (see the option `ledgerFailure`). Without it, money and requests or
   * tokens in a window are `'deny'`; a rate (`burst`) and `concurrent` are `'local'`. Calls that are
   * served are counted when the store is back.
   */
  onLedgerFailure: z
    .enum(['deny', 'allow', 'local'], { error: 'must be "deny", "allow" or "local"' })
    .optional(),
  /** `false` makes it a shadow limit: it counts like the others and never refuses. A call that it would have
   * refused is a `would_deny` event, and has the header `x-guard-shadow`. Without it, `true`. */
  enforce: z.boolean({ error: 'must be true or false' }).optional(),
  /** Counts only calls of these models: exact names, which include their dated snapshots, or prefixes with a `*`
   * at the end (`'gpt-5*'`). A call that several models may serve counts if one of them is named. Without it,
   * every model. */
  models: z
    .array(modelPattern, { error: 'must be a non-empty list of models' })
    .min(1)
    .readonly()
    .optional(),
  /** Counts only calls of these endpoints (`'chat.completions'` …). Without it, every endpoint. */
  endpoints: z
    .array(z.enum(endpointNames, { error: ENDPOINTS }), {
      error: 'must be a non-empty list of endpoints',
    })
    .min(1)
    .readonly()
    .optional(),
};

/** The field in whose type the windows are. */
const perShape = {
  /** The window. A duration, 100 ms to 10 years (`'24h'`, `'90s'`, `'7d'`): never more in any span of
   * that length. A period (`'day'`, `'month'` …): never more in one calendar period. `'ever'`: never more in all,
   * but for what `users.grant` adds. */
  per: z.custom<Per>(
    (value) => typeof value === 'string',
    'must be a duration like "24h", a calendar period ("minute", "hour", "day", "week", "month" or "year"), or "ever"',
  ),
};

const FRACTIONS =
  'must be a list of fractions above 0, at most 1, such as [0.5, 0.8, 1] for 50, 80 and 100 percent';

const fractionAtMost1 = ({ input }: { readonly input?: unknown }): string =>
  `must be at most 1: write ${Number(input) / 100} for ${input} percent`;

const spanShape = {
  ...everyLimitShape,
  /** Emits `threshold` once in each window when this part of the limit is used, in one of all processes. `[0.8]`:
   * at 80 percent. `1` also means the first denial because the limit is used up. Not with `burst`. At most 8. */
  warnAt: z
    .array(z.number({ error: FRACTIONS }).gt(0, FRACTIONS).max(1, { error: fractionAtMost1 }), {
      error: FRACTIONS,
    })
    .min(1, FRACTIONS)
    .max(8, 'must be at most 8 fractions')
    .readonly()
    .optional(),
  /** What does not fit any more is taken from the credits of the user or group, in the same unit, that
   * `users.grant` and `groups.grant` give with `to: 'credits'`. They never end. Only for limits with a window. */
  then: z.literal('credits', { error: 'must be "credits"' }).optional(),
  /** Makes it a rate: this much at once, then refilled at the amount per `per`. In the limit's unit. */
  burst: whole(1).optional(),
  /** The IANA time zone of a calendar period, such as `'Europe/Berlin'`. Without it, UTC. */
  timeZone: z.string({ error: 'must be an IANA time zone like "Europe/Berlin"' }).optional(),
  /** Where calendar periods start, such as the user's billing day: a `Date`, an ISO date or instant, or a function
   * that returns one for a user, or a promise of one. A promise is cached for `planTtl`; anything else that it
   * returns fails the call. `undefined` means the calendar's own start. The 31st becomes the last day of shorter
   * months. */
  anchor: z
    .custom<string | Date | LimitAnchor>(
      (value) => typeof value === 'function' || anchorText(value) !== undefined,
      'must be a Date, an ISO date like "2026-01-31", or a function that returns one',
    )
    .optional(),
};

/** The fields of a limit that has a window. */
export const windowShape = { ...perShape, ...spanShape };

/** A rate of money may have less than a dollar at once. */
export const usdBurst = dollars().positive({ error: 'must be more than 0' }).optional();

type Absent<Names extends string> = { readonly [Name in Names]?: never };

/** Exactly one unit of those that a window counts. */
type CountedAmount = {
  [Name in CountedUnitName]: RequiredOptions<Pick<typeof amountShape, Name>> &
    Absent<Exclude<UnitName, Name>>;
}[CountedUnitName];

interface LimitWindow<Window extends string>
  extends TypedOption<typeof perShape, 'per', Window>,
    RequiredOptions<typeof spanShape>,
    OptionalOptions<typeof spanShape> {}

interface ConcurrentLimit
  extends RequiredOptions<Pick<typeof amountShape, 'concurrent'>>,
    OptionalOptions<typeof everyLimitShape>,
    Absent<CountedUnitName | Exclude<keyof typeof windowShape, keyof typeof everyLimitShape>> {}

/** A limit, as a developer writes it: an amount of one unit in a window, or of calls in flight. */
export type LimitSpec<Window extends string = Per> =
  | (CountedAmount & LimitWindow<Window>)
  | ConcurrentLimit;

/** Limits as they are written; `parseLimits` reads them, and names the one that is wrong. */
export const limitSpecs = z.custom<readonly LimitSpec[]>(Array.isArray, 'must be a list of limits');
