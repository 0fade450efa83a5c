import type { FieldRule, FieldRules } from './dialect.ts';

/** Fields that a host takes as OpenAI does, and fields with a rule of their own. */
export function takesFields(
  names: readonly string[],
  rules: Readonly<Record<string, FieldRule>> = {},
): FieldRules {
  const plain = names.map((name) => [name, true] as const);
  return new Map<string, FieldRule | true>([...plain, ...Object.entries(rules)]);
}

/** One answer for each request. */
export const one: FieldRule = (value) => (value === 1 ? undefined : 'must be 1');

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Tools that the caller runs. Those that a host runs have a fee of its own, or none by that name. */
export const ownTools: FieldRule = (value) =>
  !Array.isArray(value) || value.every((tool) => isObject(tool) && tool['type'] === 'function')
    ? undefined
    : 'must be functions';

/** Text, and images where the plan allows them. */
const PARTS: ReadonlySet<unknown> = new Set(['text', 'refusal', 'image_url']);

interface MessageRules {
  /** Fields of another host in messages. */
  readonly vendor?: readonly string[];
  /** Fields of OpenAI's that messages must not have. */
  readonly refused?: readonly string[];
}

const VENDOR = ['reasoning_content', 'reasoning', 'reasoning_details', 'prefix'];
const OF_OPENAI = ['audio'];

/** Messages with text and images, without the fields that other hosts have in messages. */
export function messages({ vendor = [], refused = [] }: MessageRules = {}): FieldRule {
  const names = [...VENDOR.filter((name) => !vendor.includes(name)), ...OF_OPENAI, ...refused];
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    for (const message of value as readonly unknown[]) {
      if (!isObject(message)) continue;
      const name = names.find((field) => message[field] !== undefined && message[field] !== null);
      if (name !== undefined) return `must have no "${name}"`;
      const { content } = message;
      if (Array.isArray(content) && !content.every(isPart)) return 'must be text or images';
    }
    return undefined;
  };
}

const isPart = (part: unknown) => isObject(part) && PARTS.has(part['type']);

/** Messages, calls of functions, and what the model thought. Others belong to tools of OpenAI's. */
const ITEMS: ReadonlySet<unknown> = new Set([
  undefined,
  'message',
  'function_call',
  'function_call_output',
  'reasoning',
]);

const INPUT_PARTS: ReadonlySet<unknown> = new Set([
  'input_text',
  'output_text',
  'refusal',
  'input_image',
]);

const hasPlainParts = (parts: unknown) =>
  !Array.isArray(parts) || parts.every((part) => isObject(part) && INPUT_PARTS.has(part['type']));

const isPlainItem = (item: unknown) =>
  isObject(item) &&
  ITEMS.has(item['type']) &&
  (item['type'] === 'reasoning' ||
    (hasPlainParts(item['content']) && hasPlainParts(item['output'])));

/** The input of the Responses API without files, and what belongs to hosted tools and stored objects. */
export const plainItems: FieldRule = (value) =>
  !Array.isArray(value) || value.every(isPlainItem)
    ? undefined
    : 'must be messages of text and images, function calls and their output, and reasoning';

/** Text alone: no token ids. */
export const textInput: FieldRule = (value) =>
  typeof value === 'string' ||
  (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
    ? undefined
    : 'must be a string or a list of strings';

/** One text. */
export const oneText: FieldRule = (value) =>
  typeof value === 'string' ? undefined : 'must be one string';

/** Fields of chat completions that every host takes. */
export const chatFields: readonly string[] = [
  'stream',
  'temperature',
  'top_p',
  'stop',
  'tool_choice',
  'response_format',
];

/** Fields of the Responses API that every host takes. */
export const responsesFields: readonly string[] = [
  'instructions',
  'stream',
  'temperature',
  'top_p',
  'tool_choice',
  'text',
  'reasoning',
  'include',
  'parallel_tool_calls',
];
