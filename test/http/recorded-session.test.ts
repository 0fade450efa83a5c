import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type RecordedCall, recordSession } from './record-session.ts';

/** Recorded before the source was moved to its floor plan; only a deliberate change may rewrite it. */
const FILE = new URL('./recorded-session.json', import.meta.url);
const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as readonly RecordedCall[];
const replayed = await recordSession();

describe('A recorded session', () => {
  it('is replayed with the same calls in the same order', () => {
    expect(replayed.map(({ name }) => name)).toEqual(recorded.map(({ name }) => name));
  });

  it.each(recorded)('has the same bytes on both wires for $name', (call) => {
    expect(replayed.filter(({ name }) => name === call.name).map(joined)).toEqual([joined(call)]);
  });
});

/** The call with its chunks as one: how a stream is cut depends on when its bytes arrive. */
function joined(call: RecordedCall): RecordedCall {
  const [head = '', ...rest] = call.received.split('\r\n\r\n');
  if (!head.includes('Transfer-Encoding: chunked')) return call;
  const body = rest.join('\r\n\r\n').replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '');
  return { ...call, received: `${head}\r\n\r\n${body}` };
}
