import type { Duplex } from 'node:stream';

const INTERIM = 'HTTP/1.1 1';
const CONTINUE = 'HTTP/1.1 100';
const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 8 * 1024;

/**
 * Removes `100 Continue` responses from what is read of a connection, and returns the connection. A server
 * may send one without being asked, and a client ignores it (RFC 9110, 15.2.1). undici breaks the
 * connection instead (7.30, `onHeadersComplete`), after the request has been sent. Bytes are looked at only
 * where a response begins: behind a request.
 */
export function skipContinue<Connection extends Duplex>(connection: Connection): Connection {
  const read = connection.read.bind(connection);
  const write = connection.write.bind(connection) as (...args: unknown[]) => boolean;
  let awaitsHead = false;
  let held = '';
  const writeRequest = (...args: unknown[]) => {
    awaitsHead = true;
    return write(...args);
  };
  const readResponse = (size?: number): Buffer | null => {
    for (;;) {
      const chunk: Buffer | null = read(size);
      if (!awaitsHead || chunk === null) return chunk;
      if (held === '' && isFinal(chunk)) {
        awaitsHead = false;
        return chunk;
      }
      const heads = readHeads(held + chunk.toString('latin1'));
      held = heads.held;
      awaitsHead = !heads.isFinal;
      if (heads.passed !== '') return Buffer.from(heads.passed, 'latin1');
    }
  };
  return Object.assign(connection, { read: readResponse, write: writeRequest });
}

const ONE = 0x31;

/** Most responses come with the first bytes: their status does not begin with 1. */
const isFinal = (chunk: Buffer): boolean =>
  chunk.byteLength >= INTERIM.length && chunk[INTERIM.length - 1] !== ONE;

interface Heads {
  /** All but `100 Continue`. */
  readonly passed: string;
  /** An interim head that has only begun. */
  readonly held: string;
  /** The final response has begun. */
  readonly isFinal: boolean;
}

function readHeads(text: string): Heads {
  let passed = '';
  let held = text;
  while (mayBeInterim(held)) {
    const end = held.indexOf(HEAD_END);
    if (end < 0) return { passed, held, isFinal: false };
    const head = held.slice(0, end + HEAD_END.length);
    if (!head.startsWith(CONTINUE)) passed += head;
    held = held.slice(head.length);
  }
  return { passed: passed + held, held: '', isFinal: true };
}

function mayBeInterim(text: string): boolean {
  return INTERIM.startsWith(text) || (text.startsWith(INTERIM) && text.length < HEAD_BYTES_MAX);
}
