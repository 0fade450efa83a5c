import { badRequest, errorReply } from './error-replies.ts';
import { type FakeJson, isRecord } from './json.ts';
import type { Reply } from './script.ts';
import type { StoredItems } from './stored-items.ts';

/** What a model reads, with each reference replaced by its item; or the refusal. */
export type ReadInput = WholeInput | { readonly refusal: Reply };

interface WholeInput {
  readonly items: readonly unknown[];
  /** The request had all of them itself. */
  readonly isWhole: boolean;
}

/**
 * Reads the input of a response as OpenAI does: ids stand for items that were stored, and what was not
 * stored is refused (its answers to clients that turned `store` off, in public issues of 2025 and 2026).
 */
export function readInput(body: FakeJson, stored: StoredItems): ReadInput {
  const { previous_response_id: previous } = body;
  const input = inputItems(body['input']);
  const before = typeof previous === 'string' ? stored.contextOf(previous) : [];
  if (before === undefined) return { refusal: previousNotFound(String(previous)) };
  const items: unknown[] = [...before];
  for (const [index, item] of input.entries()) {
    const unknown = unknownParameter(item, index);
    if (unknown !== undefined) return { refusal: unknown };
    const whole = wholeItem(item, stored);
    if (whole === undefined) return { refusal: itemNotFound(item) };
    items.push(whole);
  }
  const refusal = unanswered(items);
  const isWhole = before.length === 0 && items.every((item, index) => item === input[index]);
  return refusal === undefined ? { items, isWhole } : { refusal };
}

function inputItems(input: unknown): readonly unknown[] {
  if (Array.isArray(input)) return input;
  return input === undefined || input === null ? [] : [{ role: 'user', content: input }];
}

/** What the helpers of the SDK add to an answer is no part of the input. */
function unknownParameter(item: unknown, index: number): Reply | undefined {
  const isAdded = isRecord(item) && item['parsed_arguments'] !== undefined;
  const param = `input[${index}].parsed_arguments`;
  return isAdded ? badRequest(`Unknown parameter: '${param}'.`, param) : undefined;
}

/** Returns the item that is meant; `undefined` if it is named by its id and was not stored. */
function wholeItem(item: unknown, stored: StoredItems): unknown {
  return isRecord(item) && isNamedById(item) ? stored.item(String(item['id'])) : item;
}

function isNamedById({ type, role, encrypted_content: encrypted }: FakeJson): boolean {
  if (type === 'reasoning') return typeof encrypted !== 'string' || encrypted === '';
  return type === 'item_reference' || (type === undefined && role === undefined);
}

function itemNotFound(item: unknown): Reply {
  const id = isRecord(item) ? item['id'] : undefined;
  if (typeof id !== 'string')
    return badRequest("Missing required parameter: 'input[0].id'.", 'input');
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;
  return errorReply(404, 'invalid_request_error', null, message, 'input');
}

function previousNotFound(id: string): Reply {
  const message = `Previous response with id '${id}' not found.`;
  const code = 'previous_response_not_found';
  return errorReply(400, 'invalid_request_error', code, message, 'previous_response_id');
}

/** A call of a function and its output must both be there. */
function unanswered(items: readonly unknown[]): Reply | undefined {
  const idsOf = (type: string) =>
    items.filter(isRecord).flatMap((item) => (item['type'] === type ? [item['call_id']] : []));
  const calls = idsOf('function_call');
  const outputs = idsOf('function_call_output');
  const lone = outputs.find((id) => !calls.includes(id));
  if (lone !== undefined) {
    return badRequest(`No tool call found for function call output with call_id ${lone}.`, 'input');
  }
  const open = calls.find((id) => !outputs.includes(id));
  return open === undefined
    ? undefined
    : badRequest(`No tool output found for function call ${open}.`, 'input');
}
