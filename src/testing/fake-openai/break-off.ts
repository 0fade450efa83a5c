import type { FakeExchange } from './exchange.ts';
import type { FakeJson } from './json.ts';
import type { Break } from './script.ts';

/** Ends an answer before its end, after `sent` chunks. */
export async function breakOff(exchange: FakeExchange, how: Break, sent: number): Promise<void> {
  if (how.with === 'hang') return exchange.untilGone();
  if (how.with === 'reset') return void exchange.socket.resetAndDestroy();
  if (how.with === 'error-event') await exchange.writeAlone(errorEvent(exchange, how, sent));
  if (how.with !== 'half-close' && exchange.response.headersSent) {
    exchange.response.end();
  } else {
    exchange.socket.end();
    await exchange.untilGone();
  }
}

const SERVER_ERROR: FakeJson = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
  param: null,
  code: 'server_error',
};

function errorEvent(exchange: FakeExchange, how: Break, sent: number): string {
  const error = how.error ?? SERVER_ERROR;
  if (!exchange.seen.url.includes('/responses')) return `data: ${JSON.stringify({ error })}\n\n`;
  const data = JSON.stringify({ ...error, type: 'error', sequence_number: sent });
  return `event: error\ndata: ${data}\n\n`;
}
