import type { StreamProtocol } from '../answer/stream-protocol.ts';
import type { Bound } from '../prices/upper-bound.ts';
import type { Allowances } from './allowances.ts';
import type { OutputCap } from './output-bound.ts';
import { type Check, type Fields, type JsonObject, object } from './wire-check.ts';

/** How the requests of an endpoint are checked, bounded and built. */
export interface RequestDescriptor {
  /** Below the base URL, as it is sent. `{model}` stands for one segment. */
  readonly path: `/${string}`;
  readonly body: JsonBody;
  /** The model that OpenAI uses when a request names none. Absent: a request must name one. */
  readonly modelDefault?: string;
  /** Absent: no tokens are written. */
  readonly outputCap?: OutputCap;
  /** Takes a `service_tier`. Without one OpenAI uses the tier of the project, which may be dearer. */
  readonly tiered?: true;
  /** Takes `store`, and what OpenAI does with the answer if a request does not say. */
  readonly storable?: 'kept' | 'forgotten';
  /** The field that caps the calls of all hosted tools together. */
  readonly hostedCallsField?: string;
  /** Absent: it never streams. */
  readonly stream?: StreamProtocol;
  /** The most that one call can use. Absent: one request and nothing else. */
  readonly bound?: Bound;
  /** Where OpenAI counts the input of a request, and the fields that it takes there. */
  readonly inputCount?: InputCount;
  /** Where the plan decides about the whole request. Returns `undefined` if the plan does not. */
  readonly fixedBy?: (allow: Allowances) => FixedRequest | undefined;
}

interface InputCount {
  readonly path: `/${string}`;
  readonly fields: readonly string[];
}

/** A JSON body. Every field that is not in the table is rejected by its name. */
interface JsonBody {
  readonly check: Check;
  readonly required: readonly string[];
}

export function jsonBody(fields: Fields, ...required: string[]): JsonBody {
  return { check: object(fields), required };
}

/** A request as a plan fixes it. */
export interface FixedRequest {
  readonly model: string;
  readonly bound: Bound;
  /** Returns the body to send, from a body that was checked. */
  bodyFor(asked: JsonObject): Record<string, unknown>;
}
