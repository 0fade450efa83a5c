import * as z from 'zod';
import { duration } from '../base/duration.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { BeforeHook, Hook, Hooks, Limiter } from '../pipeline/hook.ts';

const HOOKS_MAX = 16;
const NAME = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

const everyHookShape = {
  /** Its name in events and denials: 1 to 64 printable ASCII characters without `"` and `\`. Without it, the
   * name of the function, or its place in the list. */
  name: z
    .string()
    .regex(NAME, { error: 'must be 1 to 64 printable ASCII characters without " and \\' })
    .optional(),
  /** How long it may take. Without it, `timeouts.hook`. */
  timeout: duration.optional(),
  /** What happens to a call if the hook throws, is late, or returns something else. `deny`: 503
   * `hook_unavailable`, or 500 `internal_error` for a wrong return value. `allow`: as if it had passed. In
   * both cases there is a `failed` event.
   * @default 'deny' */
  onError: z.enum(['deny', 'allow']).default('deny'),
};

const beforeShape = {
  ...everyHookShape,
  /** The hook itself. */
  run: callback<BeforeHook>(),
};

const limiterShape = {
  ...everyHookShape,
  /** The limiter itself. */
  limit: callback<Limiter>(),
};

/** A `before` hook, with its settings. */
export interface BeforeSpec
  extends RequiredOptions<typeof beforeShape>,
    OptionalOptions<typeof beforeShape> {}

/** A limiter, with its settings. */
export interface LimiterSpec
  extends RequiredOptions<typeof limiterShape>,
    OptionalOptions<typeof limiterShape> {}

interface ParsedBefore extends ParsedOptions<typeof beforeShape> {}
interface ParsedLimiter extends ParsedOptions<typeof limiterShape> {}

const beforeSchema: z.ZodType<ParsedBefore, BeforeSpec> = optionsSchema(beforeShape);
const limiterSchema: z.ZodType<ParsedLimiter, LimiterSpec> = optionsSchema(limiterShape);

export const before = z.custom<BeforeHook | BeforeSpec | readonly (BeforeHook | BeforeSpec)[]>(
  (given) => typeof given === 'function' || (typeof given === 'object' && given !== null),
  'must be a function, { run }, or a list of these',
);

export const limiters = z.custom<readonly (Limiter | LimiterSpec)[]>(
  Array.isArray,
  'must be a list of functions or { limit }',
);

interface HookOptions {
  readonly before?: z.output<typeof before> | undefined;
  readonly limiters?: z.output<typeof limiters> | undefined;
}

/** Reads the hooks once. `undefined` if there are none. The `TypeError` names the one that is wrong. */
export function parseHooks(options: HookOptions, timeoutMs: number): Hooks | undefined {
  const given = [options.before ?? []].flat();
  const hooks = {
    before: listOf(given, 'options.before').map((hook, place) => {
      const path = `options.before[${place}]`;
      const spec = typeof hook === 'function' ? { run: hook, ...named(hook) } : hook;
      const { run, ...settings } = parseOrThrow(beforeSchema, spec, path);
      return hookOf(run, settings, { name: `before-${place + 1}`, timeoutMs });
    }),
    limiters: listOf(options.limiters ?? [], 'options.limiters').map((limiter, place) => {
      const path = `options.limiters[${place}]`;
      const spec = typeof limiter === 'function' ? { limit: limiter, ...named(limiter) } : limiter;
      const { limit, ...settings } = parseOrThrow(limiterSchema, spec, path);
      return hookOf(limit, settings, { name: `limiter-${place + 1}`, timeoutMs });
    }),
  };
  return hooks.before.length + hooks.limiters.length === 0 ? undefined : hooks;
}

function listOf<T>(given: readonly T[], path: string): readonly T[] {
  if (given.length <= HOOKS_MAX) return given;
  throw new TypeError(`"${path}" must be a list of at most ${HOOKS_MAX} hooks`);
}

/** A name that cannot be shown is none. */
const named = ({ name }: { readonly name: string }) => (NAME.test(name) ? { name } : {});

function hookOf<Run extends BeforeHook | Limiter>(
  run: Run,
  { name, timeout, onError }: Omit<ParsedBefore, 'run'>,
  otherwise: Pick<Hook<Run>, 'name' | 'timeoutMs'>,
): Hook<Run> {
  return {
    name: name ?? otherwise.name,
    run,
    timeoutMs: timeout ?? otherwise.timeoutMs,
    onError,
  };
}
