import { type Denial, deny } from '../../core/denial.ts';
import { contextTokens } from '../media/context-tokens.ts';
import type { HostedUse } from '../prices/hosted-fees.ts';
import type { HostedToolName } from '../prices/hosted-tools.ts';
import type { RateCard } from '../prices/rate-card.ts';
import type { Allowances, ParsedInputBound } from './allowances.ts';

/** What else is known of a call before it is built. */
export interface CallFacts {
  /** The model by whose rules the request is checked. Absent: the one that it names. */
  readonly model?: string | undefined;
  /** The price of the model. `undefined`: it has none, or the plan does not allow it. */
  readonly card: Pick<RateCard, 'searches' | 'contextTokens'> | undefined;
  /** How many sessions a container can be billed for while an answer is awaited. */
  readonly containerSessions: number;
}

export const NO_FACTS: CallFacts = { card: undefined, containerSessions: 1 };

/** How many parts of a request are not text. */
export interface MediaCounts {
  images: number;
  files: number;
  audio: number;
}

/** What the checks find out about a request. */
export interface Inspection {
  readonly allow: Allowances;
  /** The model that was asked for; empty where the request names none, which is then refused. */
  readonly model: string;
  readonly card: CallFacts['card'];
  /** `undefined` until a tool is found; most requests have none. */
  hosted: Map<HostedToolName, HostedUse> | undefined;
  /** Tools that are sent otherwise than they came, so that what was priced is what is sent. */
  replaced: Map<JsonObject, JsonObject> | undefined;
  /** `undefined` while all that was found is text. */
  media: MediaCounts | undefined;
  /** Bytes of the body that stand for media, whose tokens are in `extraInputTokens`. */
  inlineBytes: number;
  /** Input tokens that come on top of the body's text. */
  extraInputTokens: number;
  /** Input tokens that objects which OpenAI keeps may bring: the model's whole context, or 0. */
  stateTokens: number;
  /** The model reads nothing but the text of the body, so a tokenizer can count it. */
  isTextOnly: boolean;
}

export function inspect(allow: Allowances, model: string, { card }: CallFacts): Inspection {
  return {
    allow,
    model,
    card,
    hosted: undefined,
    replaced: undefined,
    media: undefined,
    inlineBytes: 0,
    extraInputTokens: 0,
    stateTokens: 0,
    isTextOnly: true,
  };
}

/**
 * Returns what is wrong with a value, or `undefined` when it may be sent. The `param` of a denial is
 * relative to the value. The check of the enclosing object puts the name of the field before it.
 *
 * Requests are checked by these functions and not by zod schemas, because one walk over the body must
 * also apply the plan and note what bounds the cost: hosted tools, media, stored objects.
 */
export type Check = (value: unknown, inspection: Inspection) => Denial | undefined;

/** Allowed fields by name; every other field is refused. */
export type Fields = Readonly<Record<string, Check>>;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const malformed = (message: string): Denial => deny('invalid_request', message);
export const notAllowed = (message: string): Denial => deny('parameter_not_allowed', message);

/** Puts the name of a field, or the index of an element, before the place that a denial names. */
export function below(place: string | number, denial: Denial): Denial {
  const param = denial.param === undefined ? `${place}` : `${place}.${denial.param}`;
  return { ...denial, param };
}

/** Any JSON. To OpenAI it is text that refers to nothing; its bytes bound its tokens. */
export const json: Check = () => undefined;

export const text: Check = (value) =>
  typeof value === 'string' || value === null ? undefined : malformed('must be a string');

export const scalar: Check = (value) =>
  typeof value === 'object' && value !== null
    ? malformed('must be a string or a number')
    : undefined;

/** A field that no plan can enable, with the reason. */
export function refused(why: string): Check {
  return (value) => (value === null ? undefined : notAllowed(why));
}

export function object(fields: Fields): Check {
  const own = new Map(Object.entries(fields));
  return (value, inspection) => {
    if (!isObject(value)) return malformed('must be an object');
    for (const key of Object.keys(value)) {
      const check = own.get(key);
      const denial =
        check === undefined ? notAllowed('is not accepted here') : check(value[key], inspection);
      if (denial !== undefined) return below(key, denial);
    }
    return undefined;
  };
}

export function listOf(check: Check): Check {
  return (value, inspection) => {
    if (!Array.isArray(value)) return malformed('must be a list');
    for (let index = 0; index < value.length; index++) {
      const denial = check(value[index], inspection);
      if (denial !== undefined) return below(index, denial);
    }
    return undefined;
  };
}

export const orNull =
  (check: Check): Check =>
  (value, inspection) =>
    value === null ? undefined : check(value, inspection);

export const textOr =
  (check: Check): Check =>
  (value, inspection) =>
    typeof value === 'string' || value === null ? undefined : check(value, inspection);

/** An object that names its kind in the field `key`. */
export function kindOf(key: string, kinds: Fields, what: string): Check {
  const own = new Map(Object.entries(kinds));
  return (value, inspection) => {
    if (!isObject(value)) return malformed('must be an object');
    const kind = value[key];
    if (typeof kind !== 'string') return below(key, malformed('must name a type'));
    const check = own.get(kind);
    if (check !== undefined) return check(value, inspection);
    return below(key, notAllowed(`${what} of type "${kind.slice(0, 64)}" are not accepted here`));
  };
}

/** What a tokenizer cannot count: a model reads more than its text, or something else. */
export const beyondText =
  (check: Check): Check =>
  (value, inspection) => {
    inspection.isTextOnly = false;
    return check(value, inspection);
  };

/** The largest context of any model (2026-11). */
const CONTEXT_TOKENS_MAX = 1_050_000;

/**
 * Notes that the request brings something by an id. Nothing here knows how large it is, and a conversation
 * grows with every turn, so it counts as all that the model can read.
 */
export function bringsState(
  { inputTokens }: ParsedInputBound,
  inspection: Inspection,
): Denial | undefined {
  const { model, card } = inspection;
  const most = card?.contextTokens ?? contextTokens(model) ?? CONTEXT_TOKENS_MAX;
  if (inputTokens !== undefined && most > inputTokens) {
    return notAllowed(`may bring ${most} input tokens, and the plan allows ${inputTokens}`);
  }
  inspection.stateTokens = most;
  inspection.isTextOnly = false;
  return undefined;
}

/** What OpenAI stores, named by the caller. Only for plans that let users share objects. */
const stored =
  (why: string): Check =>
  (value, inspection) => {
    if (value === null) return undefined;
    const { stateful } = inspection.allow;
    return stateful === undefined ? notAllowed(why) : bringsState(stateful, inspection);
  };

/** A file, a container, a voice, or an item of one of them. */
export const reference: Check = stored(
  'refers to an object that OpenAI stores; the plan must enable "stateful"',
);

/** An item of an earlier response, by its id. The AI SDK decides by its own option what it sends. */
export const itemReference: Check = stored(
  'refers to an item that was not stored. Set "store" to false in your client, so that it sends items whole ' +
    '(AI SDK: providerOptions: { openai: { store: false } })',
);

/** A response, or a conversation, that the input continues. */
export const earlierTurns: Check = stored(
  'refers to earlier turns that were not stored. Send their items in "input"',
);
