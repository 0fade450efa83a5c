import type { Json } from './wire-check.ts';

/** A body as a client sent it: its text, which has passed `parseStrictJson`, and what that says. */
export interface Original {
  readonly text: string;
  readonly value: Json;
}

/**
 * The JSON text of `sent`. Where `sent` only adds fields to what the client sent, it is the client's text
 * with these before its last brace; the text means the same to every parser, and most of it is the
 * prompt. Otherwise all of it is written.
 */
export function writeJson(sent: Json, original: Original | undefined): string {
  const added = original && addedFields(sent, original.value);
  if (original === undefined || added === undefined) return JSON.stringify(sent);
  const { text } = original;
  return `${text.slice(0, text.lastIndexOf('}'))}${added}}`;
}

/** `,"name":value` of each field that `value` lacks; `undefined` where another one differs. */
function addedFields(sent: Json, value: Json): string | undefined {
  let left = Object.keys(value).length;
  // A first field has no comma before it.
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
