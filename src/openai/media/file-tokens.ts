import { isUtf8 } from 'node:buffer';
import { isBase64 } from './base64.ts';
import { contextTokens } from './context-tokens.ts';
import { imageRuleOf, imageTokensMost } from './image-tokens.ts';
import { pdfPages } from './pdf-pages.ts';

/**
 * Returns the most input tokens of an inline file beyond one for each byte of its text. `undefined`: nothing
 * bounds it.
 *
 * Plain text needs none. Any other format (PDF, Word …) is compressed, so that neither its bytes nor its
 * pages bound its text. It costs what the plan states, else as much as the model can take. OpenAI also
 * shows each page of a PDF to the model as an image (guide "File inputs", 2026-10). A PDF that has too
 * many pages for what the plan states counts by its pages.
 */
export function fileTokensMost(
  data: string,
  model: string,
  statedTokens: number | undefined,
): number | undefined {
  const bytes = bytesOf(data);
  const isPdf = bytes?.subarray(0, HEAD_BYTES).includes('%PDF-') === true;
  if (bytes && !isPdf && isText(bytes)) return statedTokens ?? 0;
  if (statedTokens === undefined) return contextTokens(model);
  const pages = bytes && isPdf ? pdfPages(bytes) : 0;
  return Math.max(statedTokens, pages * pageTokens(model));
}

/** A reader looks for the first line of a PDF this far. */
const HEAD_BYTES = 1_024;

/** `data:<type>;base64,<data>`, or base64 alone. */
function bytesOf(data: string): Buffer | undefined {
  const isURL = /^data:/i.test(data);
  const start = isURL ? data.indexOf(',') + 1 : 0;
  const named = start === 0 ? !isURL : /;base64,$/i.test(data.slice(start - 8, start));
  return named && isBase64(data, start) ? Buffer.from(data.slice(start), 'base64') : undefined;
}

const isText = (bytes: Buffer) => isUtf8(bytes) && !bytes.includes(0);

function pageTokens(model: string): number {
  const rule = imageRuleOf(model);
  return rule === undefined ? 0 : imageTokensMost(rule, 'high', undefined);
}
