export interface Json {
  readonly [name: string]: unknown;
  readonly error?: unknown;
  readonly choices?: unknown;
  readonly resets_at?: unknown;
}

/** Reads a whole stream as one client does: its chunks up to its end, or throws what that client throws. */
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
  /** What a line of data begins with. */
  readonly prefix: 'data:' | 'data: ';
  /** The whole line that ends the stream. */
  readonly ends: RegExp;
  /** Fields without which a chunk is an error. */
  readonly required: readonly string[];
  /** Whether the lines that are no data are joined, and an error of OpenAI's form in them thrown. */
  readonly joinsTheRest?: true;
}

/** A client that decodes each line of data alone, as JSON, whatever the lines around it are. */
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

/** Events as the standard has them: fields up to a blank line, comments left out, data lines joined. */
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
  /** What becomes of one event; `undefined` is skipped. */
  chunkOf(event: Event): Json | undefined;
}

/** A client that reads whole events, up to `[DONE]` or the end of the body. */
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

/** openai_dart ≥ 1: what is no JSON is skipped without a word, and an error in the data is thrown. */
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

/** MacPaw: only events without a name; what is no chunk is decoded as an error and surfaces as one. */
export const namelessOnly = (required: readonly string[]): EventRules => ({
  chunkOf({ type, data }) {
    if (type !== 'message') throw new Error(`unhandledStreamEventType(${type})`);
    return requireFields(parse(data), required);
  },
});
