import * as z from 'zod';
import { parseDurationMs } from '../base/duration.ts';
import { type Denial, deny, isDenial } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { type BodyBounds, readOptionalJson } from '../openai/request/read-json.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';
import { parsePassingLimits, storableLimits } from '../plans/parse-limits.ts';
import type { StoredToken } from './token-form.ts';

/** What an app requests for a token. Each field can only narrow what the login allows. */
export interface RequestedScope
  extends Partial<Pick<StoredToken, 'models' | 'endpoints' | 'limits' | 'singleUse'>> {
  readonly ttlMs?: number;
}

const BODY_BYTES_MAX = 16 * 1024;
const ENTRIES_MAX = 32;
const LIMITS_MAX = 8;
const NAME_LENGTH_MAX = 128;

const shape = z.strictObject({
  ttl: z.string().max(32).optional(),
  models: z.array(z.string().min(1).max(NAME_LENGTH_MAX)).min(1).max(ENTRIES_MAX).optional(),
  endpoints: z.array(z.enum(endpointNames)).min(1).max(ENTRIES_MAX).optional(),
  limits: z.array(z.looseObject({})).max(LIMITS_MAX).optional(),
  singleUse: z.boolean().optional(),
});

/** Reads the requested scope from the body, which may be empty. Anything wider than `parent` is denied. */
export async function readRequestedScope(
  request: GuardRequest,
  { bytesMax, deadline }: BodyBounds,
  parent: Partial<StoredToken>,
): Promise<RequestedScope | Denial> {
  const bounds = { bytesMax: Math.min(bytesMax, BODY_BYTES_MAX), deadline };
  const body = await readOptionalJson(request, bounds);
  if (body === undefined) return narrow({}, parent);
  if (isDenial(body)) return body;
  const parsed = shape.safeParse(body.value);
  if (!parsed.success) return refuse(parsed.error.issues[0]);
  return narrow(parsed.data, parent);
}

function refuse(issue: z.core.$ZodIssue | undefined): Denial {
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = unknown ?? issue?.path.join('.') ?? 'body';
  const code = unknown === undefined ? 'invalid_request' : 'parameter_not_allowed';
  return deny(code, `"${param}": ${issue?.message ?? 'is not valid'}.`, { param });
}

function narrow(
  { ttl, models, endpoints, limits = [], singleUse }: z.output<typeof shape>,
  parent: Partial<StoredToken>,
): RequestedScope | Denial {
  const wider = models?.find((model) => !covers(parent.models, model));
  if (wider !== undefined) return widens('models', wider);
  const further = endpoints?.find((name) => parent.endpoints?.includes(name) === false);
  if (further !== undefined) return widens('endpoints', further);
  try {
    const all = [...(parent.limits ?? []), ...limits];
    return {
      ...(ttl !== undefined && { ttlMs: parseDurationMs(ttl, 'ttl') }),
      ...(models && { models }),
      ...(endpoints && { endpoints }),
      ...(all.length > 0 && {
        limits: storableLimits(all, 'limits', parsePassingLimits) as readonly LimitSpec[],
      }),
      ...(singleUse && { singleUse }),
    };
  } catch (error) {
    if (error instanceof TypeError) return deny('invalid_request', `${error.message}.`);
    throw error;
  }
}

const widens = (param: string, requested: string): Denial =>
  deny('parameter_not_allowed', `"${param}": "${requested}" is more than your login allows.`, {
    param,
  });

/** Whether `allowed` includes every model that `requested` matches. Both may end in `*`. */
function covers(allowed: readonly string[] | undefined, requested: string): boolean {
  if (allowed === undefined) return true;
  return allowed.some((one) =>
    one.endsWith('*') ? requested.startsWith(one.slice(0, -1)) : requested === one,
  );
}
