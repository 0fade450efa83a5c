import type { JsonObject } from './wire-check.ts';

/** A body as a client sent it: its text, which has passed `parseStrictJson`, and its parsed value. */
export interface Original {
  readonly text: string;
  readonly value: JsonObject;
}

/**
 * Returns the JSON text of `sent`. Where `sent` only adds fields to what the client sent, the client's
 * text is reused, with these fields before its last brace. It means the same to every parser, and most
 * of it is the prompt. Otherwise the whole text is written.
 */
export function writeJson(sent: JsonObject, original: Original | undefined): string {
  const added = original && addedFields(sent, original.value);
  if (original === undefined || added === undefined) return JSON.stringify(sent);
  const { text } = original;
  return `${text.slice(0, text.lastIndexOf('}'))}${added}}`;
}

/** Returns `,"name":value` of each field that `value` lacks, or `undefined` if another field differs. */
function addedFields(sent: JsonObject, value: JsonObject): string | undefined {
  let left = Object.keys(value).length;
  // The first field of an object has no comma before it.
  if (left === 0) return undefined;
  let added = '';
  for (const name in sent) {
    const field = sent[name];
    if (!Object.hasOwn(value, name)) added += `,"${name}":${JSON.stringify(field)}`;
    else if (field === value[name]) left -= 1;
    else return undefined;
  }
  return left === 0 ? added : undefined;
}
