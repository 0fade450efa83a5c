import { FREE } from './frame.ts';
import { type Call, type GeneratedAnswer, invoiced, numberOf } from './generation.ts';
import { isRecord } from './json.ts';

const SECONDS_DEFAULT = 600;

/** Makes a Realtime secret. This is free, whatever the secret is used for later. */
export function clientSecrets(call: Call): GeneratedAnswer {
  const { session, expires_after } = call.body;
  const after = isRecord(expires_after) ? numberOf(expires_after['seconds']) : undefined;
  const model = isRecord(session) ? String(session['model']) : 'unknown';
  const json = () => ({
    value: `ek_${call.serial}`,
    expires_at: Math.floor(Date.now() / 1000) + (after ?? SECONDS_DEFAULT),
    session: { object: 'realtime.session', id: `sess_${call.serial}`, ...(session as object) },
  });
  return {
    invoiced: { ...invoiced(call, 0), model },
    bill: FREE,
    stream: false,
    json,
    frames: () => [],
  };
}
