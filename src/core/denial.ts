/** How a client reads a denial: OpenAI's error `type`, and whether an SDK may repeat the call. */
interface CodeEntry {
  readonly status: number;
  readonly type: string;
  /** The value of `x-should-retry`; `undefined` leaves the decision to the client. */
  readonly shouldRetry?: boolean;
}

const entry = (status: number, type: string, shouldRetry?: boolean): CodeEntry =>
  shouldRetry === undefined ? { status, type } : { status, type, shouldRetry };

/** All codes with which the guard ends a call, and their HTTP status. */
export const denialCodes = {
  invalid_credential: entry(401, 'invalid_request_error'),
  expired_credential: entry(401, 'invalid_request_error'),
  user_blocked: entry(403, 'access_denied'),
  group_blocked: entry(403, 'access_denied'),
  model_not_allowed: entry(403, 'access_denied'),
  model_restricted: entry(403, 'access_denied'),
  endpoint_not_allowed: entry(403, 'access_denied'),
  cross_site_request: entry(403, 'access_denied'),
  request_denied: entry(403, 'access_denied'),
  unknown_endpoint: entry(404, 'invalid_request_error'),
  method_not_allowed: entry(405, 'invalid_request_error'),
  invalid_request: entry(400, 'invalid_request_error'),
  parameter_not_allowed: entry(400, 'invalid_request_error'),
  model_not_priced: entry(400, 'invalid_request_error'),
  call_exceeds_limit: entry(400, 'invalid_request_error', false),
  request_too_large: entry(413, 'invalid_request_error', false),
  unsupported_media_type: entry(415, 'invalid_request_error'),
  rate_limit_exceeded: entry(429, 'rate_limit_exceeded'),
  too_many_invalid_requests: entry(429, 'rate_limit_exceeded'),
  too_many_body_bytes: entry(429, 'rate_limit_exceeded'),
  too_many_concurrent: entry(429, 'rate_limit_exceeded'),
  quota_exceeded: entry(429, 'insufficient_quota', false),
  budget_exceeded: entry(429, 'insufficient_quota', false),
  group_limit_exceeded: entry(429, 'insufficient_quota', false),
  internal_error: entry(500, 'server_error', false),
  upstream_failed: entry(502, 'server_error'),
  service_budget_exceeded: entry(503, 'service_unavailable', false),
  ledger_unavailable: entry(503, 'service_unavailable'),
  server_busy: entry(503, 'service_unavailable'),
  upstream_account: entry(503, 'service_unavailable', false),
  upstream_busy: entry(503, 'service_unavailable'),
  auth_unavailable: entry(503, 'service_unavailable'),
  hook_unavailable: entry(503, 'service_unavailable'),
  service_stopped: entry(503, 'service_unavailable', false),
  shutting_down: entry(503, 'service_unavailable'),
  upstream_timeout: entry(504, 'server_error', false),
} as const satisfies Record<string, CodeEntry>;

/** The code of a denial, in the body (`error.code`) and in the header `x-guard-code`. */
export type DenialCode = keyof typeof denialCodes;

/** A limit that a denied call broke, as its user may see it. */
export interface BrokenLimit {
  /** The name of the limit. */
  readonly name: string;
  /** The kind of the group that shares it; absent for a limit of the caller alone. */
  readonly groupKind?: string;
  /** The limit's unit, as options write it: `usd` is in dollars. */
  readonly unit: string;
  /** The amount of the limit, in `unit`. */
  readonly limit: number;
  /** Of a rate: how much of the limit fits at once, in `unit`. */
  readonly burst?: number;
  /** The most that the call may need, in `unit`. */
  readonly needed: number;
  /** The amount that is left, in `unit`. */
  readonly remaining: number;
  /** The credits that are left beside it, in `unit`. Absent for a limit without `then: 'credits'`. */
  readonly credits?: number;
  /** When the call fits, Unix ms; `undefined` when it can never fit or waits for calls in flight. */
  readonly fitsAtMs?: number;
  /** False when only calls in flight are in the way. */
  readonly hard: boolean;
}

/** Ends a call. It is returned, and never thrown. */
export interface Denial {
  /** Marks the value as a denial. */
  readonly denied: true;
  /** The reason; `denialCodes` has its status and type. */
  readonly code: DenialCode;
  /** Safe to show. It names the field or limit, and what to do. */
  readonly message: string;
  /** The request field that caused the denial. */
  readonly param?: string;
  /** The limits that the call broke, for a denial by a limit. */
  readonly limits?: readonly BrokenLimit[];
  /** When the same call is worth repeating, Unix ms. */
  readonly resetsAtMs?: number;
  /** Overrides the table where a repeat could be billed twice. */
  readonly shouldRetry?: boolean;
  /** Methods that the path serves, for 405. */
  readonly allow?: string;
  /** True when the store failed and the decision was made without it. */
  readonly degraded?: true;
}

export function deny(
  code: DenialCode,
  message: string,
  more: Omit<Denial, 'denied' | 'code' | 'message'> = {},
): Denial {
  return { denied: true, code, message, ...more };
}

export function isDenial(value: unknown): value is Denial {
  return typeof value === 'object' && value !== null && 'denied' in value;
}
