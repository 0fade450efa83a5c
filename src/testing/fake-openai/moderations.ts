import { FREE } from './frame.ts';
import { type Call, type GeneratedAnswer, invoiced } from './generation.ts';
import { arrayOf } from './json.ts';

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];

/** Flags nothing and costs nothing. */
export function moderations(call: Call): GeneratedAnswer {
  const { input, model = 'omni-moderation-latest' } = call.body;
  const results = (Array.isArray(input) ? arrayOf(input) : [input]).map(() => ({
    flagged: false,
    categories: everyCategory(false),
    category_scores: everyCategory(0.000001),
    category_applied_input_types: everyCategory(['text']),
  }));
  const bill = { ...invoiced(call, 0), model: String(model) };
  const json = () => ({ id: `modr-${call.serial}`, model, results });
  return { invoiced: bill, bill: FREE, stream: false, json, frames: () => [] };
}

function everyCategory<V>(value: V): Record<string, V> {
  return Object.fromEntries(CATEGORIES.map((category) => [category, value]));
}
