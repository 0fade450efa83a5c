import { Temporal as Polyfill } from 'temporal-polyfill';

/** `Temporal` of the runtime, which Node has from version 26; before that, a polyfill. */
const { Temporal: temporal = Polyfill } = globalThis as { Temporal?: typeof Polyfill };

export const { Instant, PlainDate } = temporal;

export type PlainDate = Polyfill.PlainDate;
export type PlainTime = Polyfill.PlainTime;
