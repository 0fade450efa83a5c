import type { FakeResponse } from './fake-response.ts';
import type { FakeJson } from './json.ts';
import type { Break } from './script.ts';

/** Breaks a response off after `sent` chunks. */
export async function breakOff(response: FakeResponse, how: Break, sent: number): Promise<void> {
  if (how.with === 'hang') return response.untilClosed();
  if (how.with === 'reset') return void response.socket.resetAndDestroy();
  if (how.with === 'error-event') await response.writeAlone(errorEvent(response, how, sent));
  if (how.with !== 'half-close' && response.raw.headersSent) {
    response.raw.end();
  } else {
    response.socket.end();
    await response.untilClosed();
  }
}

const SERVER_ERROR: FakeJson = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  param: null,
  code: 'server_error',
};

function errorEvent(response: FakeResponse, how: Break, sent: number): string {
  const error = how.error ?? SERVER_ERROR;
  if (!response.seen.url.includes('/responses')) return `data: ${JSON.stringify({ error })}\n\n`;
  const data = JSON.stringify({ ...error, type: 'error', sequence_number: sent });
  return `event: error\ndata: ${data}\n\n`;
}
