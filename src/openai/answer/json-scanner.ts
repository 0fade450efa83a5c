import { parseJson } from '../../core/json.ts';
import {
  isListQuery,
  type JsonMembers,
  larger,
  type ObjectQuery,
  type Query,
} from './json-query.ts';

const DEPTH_MAX = 512;
/** A longer key or value is left out. */
const LEAF_BYTES_MAX = 64 * 1024;
/** All that is kept of one text. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** What an object or a list counts as. */
const CONTAINER_BYTES = 32;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

const isSpace = (code: number) =>
  code === SPACE || code === LINE_FEED || code === RETURN || code === TAB;
const isEnd = (code: number) => code === BRACE_END || code === BRACKET_END;

/** An object or a list of which something is read. */
type Level =
  | {
      readonly isList: false;
      readonly query: ObjectQuery;
      readonly value: JsonMembers;
      key: string;
    }
  | { readonly isList: true; readonly query: Query; readonly value: unknown[] };

type State =
  | 'start'
  | 'key'
  | 'colon'
  | 'value'
  | 'rest'
  | 'string'
  | 'scalar'
  | 'unread'
  | 'whole'
  | 'invalid';

/**
 * Reads named places of one JSON object of any size while its bytes pass, in any pieces. It keeps what the
 * query asks for and the state of the lexer, and nothing else. One character is one byte (`latin1`).
 * Of two members with one name, the larger counts are read.
 */
export class JsonScanner {
  readonly #query: ObjectQuery;
  readonly #levels: Level[] = [];
  #root: JsonMembers | undefined;
  #state: State = 'start';
  /** Depth inside an object or list that is not entered. */
  #depth = 0;
  #isKey = false;
  #escaped = false;
  /** A key or a value is kept, from `#from` in this piece on. */
  #keeps = false;
  #from = 0;
  #kept = '';
  #keptBytes = 0;

  constructor(query: ObjectQuery) {
    this.#query = query;
  }

  /** The text was one whole object. */
  get isWhole(): boolean {
    return this.#state === 'whole';
  }

  /** What the query asked for; `undefined` until the text is whole. */
  get value(): Readonly<JsonMembers> | undefined {
    return this.isWhole ? this.#root : undefined;
  }

  push(text: string): void {
    this.#from = 0;
    let at = 0;
    while (at < text.length && this.#state !== 'invalid') at = this.#step(text, at);
    if (this.#keeps && this.#kept.length <= LEAF_BYTES_MAX) this.#kept += text.slice(this.#from);
  }

  #step(text: string, at: number): number {
    if (this.#state === 'string') return this.#passString(text, at);
    if (this.#state === 'unread') return this.#passUnread(text, at);
    if (this.#state === 'scalar') return this.#passScalar(text, at);
    const code = text.charCodeAt(at);
    if (isSpace(code)) return at + 1;
    if (this.#state === 'value') return this.#beginValue(at, code);
    this.#state = this.#afterMark(code, at);
    return at + 1;
  }

  /** A character between two values. */
  #afterMark(code: number, at: number): State {
    const level = this.#levels.at(-1);
    switch (this.#state) {
      case 'start':
        return code === BRACE ? this.#enter(this.#query) : 'invalid';
      case 'key':
        if (code === BRACE_END) return this.#leave(false);
        if (code !== QUOTE) return 'invalid';
        this.#isKey = true;
        this.#keep(at);
        return 'string';
      case 'colon':
        return code === COLON ? 'value' : 'invalid';
      case 'rest':
        if (code === COMMA) return level?.isList ? 'value' : 'key';
        return isEnd(code) ? this.#leave(code === BRACKET_END) : 'invalid';
      default:
        return 'invalid';
    }
  }

  #beginValue(at: number, code: number): number {
    const query = this.#wanted();
    if (code === BRACE || code === BRACKET) return this.#beginContainer(at, code, query);
    if (code === BRACKET_END && this.#levels.at(-1)?.isList) {
      this.#state = this.#leave(true);
      return at + 1;
    }
    if (isEnd(code) || code === COMMA || code === COLON) this.#state = 'invalid';
    else this.#state = code === QUOTE ? 'string' : 'scalar';
    if (query === 'scalar' || query === 'json') this.#keep(at);
    return at + 1;
  }

  #beginContainer(at: number, code: number, query: Query | undefined): number {
    if (typeof query === 'object' && Array.isArray(query) === (code === BRACKET)) {
      this.#state = this.#enter(query);
      return at + 1;
    }
    this.#state = 'unread';
    this.#depth = 1;
    if (query === 'json') this.#keep(at);
    return at + 1;
  }

  #passString(text: string, at: number): number {
    if (this.#escaped) {
      this.#escaped = false;
      return at + 1;
    }
    const found = text.indexOf('"', at);
    const end = found < 0 ? text.length : found;
    let before = end - 1;
    while (before >= at && text.charCodeAt(before) === BACKSLASH) before--;
    const isEscaped = (end - 1 - before) % 2 === 1;
    if (found < 0) this.#escaped = isEscaped;
    else if (!isEscaped) this.#endString(text, end + 1);
    return found < 0 ? end : end + 1;
  }

  #endString(text: string, end: number): void {
    if (this.#depth > 0) this.#state = 'unread';
    else if (this.#isKey) this.#endKey(text, end);
    else this.#endValue(text, end);
  }

  /** An escape may stand for any letter of a name that the query has. */
  #endKey(text: string, end: number): void {
    this.#isKey = false;
    this.#state = 'colon';
    const kept = this.#takeText(text, end);
    const key = kept.includes('\\') ? this.#parse(kept) : kept.slice(1, -1);
    const level = this.#levels.at(-1);
    if (level?.isList === false) level.key = typeof key === 'string' ? key : '';
  }

  /** Passes what was not asked for. Only its strings and its depth matter. */
  #passUnread(text: string, start: number): number {
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < BRACKET && code !== QUOTE) continue;
      if (code === QUOTE) {
        this.#state = 'string';
        return at + 1;
      }
      if (code === BRACE || code === BRACKET) {
        if (!this.#deepen()) return text.length;
      } else if (isEnd(code) && --this.#depth === 0) {
        this.#endValue(text, at + 1);
        return at + 1;
      }
    }
    return text.length;
  }

  #passScalar(text: string, start: number): number {
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === COMMA || isEnd(code) || isSpace(code)) {
        this.#endValue(text, at);
        return at;
      }
      at++;
    }
    return at;
  }

  #deepen(): boolean {
    this.#depth++;
    if (this.#levels.length + this.#depth <= DEPTH_MAX) return true;
    this.#state = 'invalid';
    return false;
  }

  #endValue(text: string, end: number): void {
    this.#state = 'rest';
    if (!this.#keeps) return;
    const kept = this.#takeText(text, end);
    this.#count(kept.length);
    const value = this.#parse(kept);
    if (value !== undefined) this.#add(value);
  }

  /** What is asked of the value that begins. */
  #wanted(): Query | undefined {
    const level = this.#levels.at(-1);
    if (level === undefined || level.isList) return level?.query;
    return Object.hasOwn(level.query, level.key) ? level.query[level.key] : undefined;
  }

  #enter(query: ObjectQuery | readonly [Query]): State {
    if (isListQuery(query)) {
      this.#levels.push({ isList: true, query: query[0], value: this.#container([]) });
      return 'value';
    }
    const value = this.#container<JsonMembers>({});
    this.#root ??= value;
    this.#levels.push({ isList: false, query, value, key: '' });
    return 'key';
  }

  /** Adds a new object or list, or continues the one that has the same name. */
  #container<Value extends object>(value: Value): Value {
    const level = this.#levels.at(-1);
    const earlier = level?.isList === false ? level.value[level.key] : undefined;
    if (typeof earlier === 'object' && earlier !== null) return earlier as Value;
    this.#count(CONTAINER_BYTES);
    if (level !== undefined) this.#add(value);
    return value;
  }

  #leave(isList: boolean): State {
    if (this.#levels.pop()?.isList !== isList) return 'invalid';
    return this.#levels.length === 0 ? 'whole' : 'rest';
  }

  #add(value: unknown): void {
    const level = this.#levels.at(-1);
    if (level?.isList) level.value.push(value);
    else if (level !== undefined) level.value[level.key] = larger(level.value[level.key], value);
  }

  #keep(from: number): void {
    this.#keeps = true;
    this.#from = from;
    this.#kept = '';
  }

  #takeText(text: string, end: number): string {
    const kept = this.#kept + text.slice(this.#from, end);
    this.#keeps = false;
    this.#kept = '';
    return kept;
  }

  /** `undefined`: it is too long. */
  #parse(kept: string): unknown {
    if (kept.length > LEAF_BYTES_MAX) return undefined;
    const value = parseJson(Buffer.from(kept, 'latin1').toString('utf8'));
    if (value === undefined) this.#state = 'invalid';
    return value;
  }

  #count(bytes: number): void {
    this.#keptBytes += bytes;
    if (this.#keptBytes > KEPT_BYTES_MAX) this.#state = 'invalid';
  }
}
