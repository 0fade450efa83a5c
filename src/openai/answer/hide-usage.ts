import { parseJson } from '../../core/json.ts';
import { parseFrame } from './sse-frames.ts';

const looseNull = /,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,/;

const NULL_USAGE = ',"usage":null';

/**
 * Returns a frame as it would be if usage had not been requested: without `"usage":null`, and empty
 * where it is the extra chunk that holds only the usage. A quoted key is never inside a string, where
 * its quotes would be escaped.
 */
export function hideUsage(frame: string): string {
  if (!frame.includes('usage"')) return frame;
  const at = frame.lastIndexOf(NULL_USAGE);
  if (at >= 0) return frame.slice(0, at) + frame.slice(at + NULL_USAGE.length);
  const shown = frame.replace(looseNull, '');
  if (shown !== frame) return shown;
  return isUsageChunk(parseJson(parseFrame(frame).data)) ? '' : frame;
}

function isUsageChunk(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const { choices, usage } = json as { choices?: unknown; usage?: unknown };
  return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object';
}
