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

/** Flags what its script says, and costs nothing. */
export function moderations(call: Call): GeneratedAnswer {
  const { input, model = 'omni-moderation-latest' } = call.body;
  const { flags = [] } = call.script;
  const results = (Array.isArray(input) ? arrayOf(input) : [input]).map(() => ({
    flagged: flags.length > 0,
    categories: everyCategory((category) => flags.includes(category)),
    category_scores: everyCategory((category) => (flags.includes(category) ? 0.9 : 0.000001)),
    category_applied_input_types: everyCategory(() => ['text']),
  }));
  const bill = { ...invoiced(call, 0), model: String(model) };
  const json = () => ({ id: `modr-${call.serial}`, model, results });
  return { invoiced: bill, bill: FREE, stream: false, json, frames: () => [] };
}

function everyCategory<V>(valueFor: (category: string) => V): Record<string, V> {
  return Object.fromEntries(CATEGORIES.map((category) => [category, valueFor(category)]));
}
