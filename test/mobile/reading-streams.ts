export interface Json {
  readonly [name: string]: unknown;
  readonly error?: unknown;
  readonly choices?: unknown;
  readonly resets_at?: unknown;
}

/**
 * Reads a complete stream as one client does. Returns its chunks, or throws what that client
 * throws.
 */
export type ReadStream = (text: string) => Json[];

const linesOf = (text: string): string[] => text.split(/\r\n|\n/);

function parse(text: string): Json {
  return JSON.parse(text) as Json;
}

function requireFields(chunk: Json, names: readonly string[]): Json {
  const missing = names.find((name) => chunk[name] === undefined || chunk[name] === null);
  if (missing !== undefined) throw new TypeError(`A chunk has no ${missing}.`);
  return chunk;
}

export interface LineRules {
  /** The start of a data line. */
  readonly prefix: 'data:' | 'data: ';
  /** The complete line that ends the stream. */
  readonly ends: RegExp;
  /** Fields that every chunk must have. A chunk without one is an error. */
  readonly required: readonly string[];
  /**
   * Whether the lines without data are joined, and an error in OpenAI's shape among them is thrown.
   */
  readonly joinsTheRest?: true;
}

/** A client that decodes each data line alone as JSON, whatever the lines around it are. */
export function byLines({ prefix, ends, required, joinsTheRest }: LineRules): ReadStream {
  return (text) => {
    const chunks: Json[] = [];
    let rest = '';
    for (const line of linesOf(text)) {
      if (ends.test(line)) return chunks;
      if (line.startsWith(prefix)) {
        chunks.push(requireFields(parse(line.slice(prefix.length)), required));
      } else if (joinsTheRest) {
        rest += line;
        throwIfError(rest);
      }
    }
    return chunks;
  };
}

function throwIfError(text: string): void {
  const body = jsonOrUndefined(text);
  if (body?.error) throw new Error(`The API answered ${text}`);
}

export function jsonOrUndefined(text: string): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

interface Event {
  readonly type: string;
  readonly data: string;
}

/** Events as in the standard: fields up to a blank line, comments removed, data lines joined. */
function eventsOf(text: string): Event[] {
  return text.split(/\r?\n\r?\n/).flatMap((block) => {
    const lines = linesOf(block);
    const valuesOf = (field: string) =>
      lines
        .filter((line) => line.startsWith(`${field}:`))
        .map((line) => line.slice(field.length + 1).replace(/^ /, ''));
    const data = valuesOf('data');
    if (data.length === 0) return [];
    return [{ type: valuesOf('event').at(-1) ?? 'message', data: data.join('\n') }];
  });
}

export interface EventRules {
  /** Returns the chunk of one event, or `undefined` to skip it. */
  chunkOf(event: Event): Json | undefined;
}

/** A client that reads complete events, up to `[DONE]` or the end of the body. */
export function byEvents({ chunkOf }: EventRules): ReadStream {
  return (text) => {
    const chunks: Json[] = [];
    for (const event of eventsOf(text)) {
      if (event.data.startsWith('[DONE]')) return chunks;
      const chunk = chunkOf(event);
      if (chunk) chunks.push(chunk);
    }
    return chunks;
  };
}

/**
 * openai_dart ≥ 1: data that is not JSON is skipped silently, and an error in the data is thrown.
 */
export const skipsMalformed: EventRules = {
  chunkOf({ type, data }) {
    const chunk = jsonOrUndefined(data);
    if (type === 'error' || chunk?.error) throw new Error(`StreamException(${data})`);
    return chunk;
  },
};

/** The official clients: `error` in the data is thrown as the error of the API. */
export const throwsItsError: EventRules = {
  chunkOf({ data }) {
    const chunk = parse(data);
    if (chunk.error) throw new Error(`The API answered ${data}`);
    return chunk;
  },
};

/**
 * MacPaw: only events without a name. Data that is not a chunk is decoded as an error and thrown.
 */
export const namelessOnly = (required: readonly string[]): EventRules => ({
  chunkOf({ type, data }) {
    if (type !== 'message') throw new Error(`unhandledStreamEventType(${type})`);
    return requireFields(parse(data), required);
  },
});
