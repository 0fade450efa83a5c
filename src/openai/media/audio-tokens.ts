import { mp3Seconds } from './mp3-seconds.ts';
import { wavSeconds } from './wav-seconds.ts';

/** One for each 100 ms that is heard (OpenAI's guide "Managing costs" of the Realtime API, 2026-10). */
const TOKENS_PER_SECOND = 10;
const FRAME_TOKENS = 16;

/**
 * Returns the most input tokens of a recording, by the frames or samples that are in it, not by what its
 * header says of its length. `undefined`: it is not a recording in that format.
 */
export function audioTokensMost(bytes: Buffer, format: 'wav' | 'mp3'): number | undefined {
  const seconds = format === 'wav' ? wavSeconds(bytes) : mp3Seconds(bytes);
  return seconds && Math.ceil(seconds * TOKENS_PER_SECOND) + FRAME_TOKENS;
}
