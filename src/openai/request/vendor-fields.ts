import { flag, number, whole } from './fields.ts';
import {
  type VendorFieldName,
  vendorFieldNames,
  vendorFieldsNeverAllowed,
} from './vendor-field-names.ts';
import {
  beyondText,
  type Check,
  type Fields,
  json,
  listOf,
  malformed,
  notAllowed,
  object,
  orNull,
  text,
} from './wire-check.ts';

/** Where a field may stand. */
type Place = 'chat' | 'message' | 'responses' | 'completions' | 'embeddings';

interface VendorField {
  readonly places: readonly Place[];
  readonly check: Check;
}

const generating: readonly Place[] = ['chat', 'responses', 'completions'];
const chat: readonly Place[] = ['chat'];
const message: readonly Place[] = ['message'];
const embeddings: readonly Place[] = ['embeddings'];

const reasoning = orNull(
  object({ effort: text, enabled: flag, exclude: flag, max_tokens: whole, summary: text }),
);
const thinking = orNull(object({ type: text, budget_tokens: whole }));
const thinkingConfig = object({
  include_thoughts: flag,
  thinking_budget: number,
  thinking_level: text,
});
const google = object({ google: object({ thinking_config: thinkingConfig }) });

const shortening: Check = (value) =>
  value === 'middle-out' ? undefined : malformed('must be "middle-out"');

/** The host writes a prompt of its own before the input. Mistral's have fewer tokens (2026-11). */
function addsPrompt(tokens: number, check: Check): Check {
  return beyondText((value, inspection) => {
    if (value !== null && value !== false) inspection.extraInputTokens += tokens;
    return check(value, inspection);
  });
}

/**
 * What each host says of its own fields is in `src/upstream/dialects/`. None of these lets a call write
 * more than its cap, read more than its bytes and `extraInputTokens`, or run anything that has a fee.
 */
const vendorFields: Readonly<Record<VendorFieldName, VendorField>> = {
  top_k: { places: generating, check: number },
  min_p: { places: generating, check: number },
  top_a: { places: generating, check: number },
  repetition_penalty: { places: generating, check: number },
  repeat_penalty: { places: generating, check: number },
  min_tokens: { places: generating, check: number },
  stop_token_ids: { places: generating, check: listOf(number) },
  ignore_eos: { places: generating, check: flag },
  skip_special_tokens: { places: generating, check: flag },
  include_stop_str_in_output: { places: generating, check: flag },
  random_seed: { places: generating, check: number },
  reasoning: { places: ['chat', 'message'], check: reasoning },
  reasoning_content: { places: message, check: text },
  reasoning_details: { places: message, check: json },
  reasoning_format: { places: chat, check: text },
  include_reasoning: { places: chat, check: flag },
  thinking: { places: chat, check: beyondText(thinking) },
  thinking_token_budget: { places: chat, check: number },
  chat_template_kwargs: { places: chat, check: beyondText(json) },
  structured_outputs: { places: generating, check: json },
  grammar: { places: generating, check: text },
  documents: { places: chat, check: beyondText(json) },
  safe_prompt: { places: chat, check: addsPrompt(256, flag) },
  prompt_mode: { places: chat, check: addsPrompt(2_048, text) },
  prefix: { places: message, check: flag },
  transforms: { places: generating, check: listOf(shortening) },
  extra_body: { places: chat, check: beyondText(orNull(google)) },
  output_dimension: { places: embeddings, check: whole },
  output_dtype: { places: embeddings, check: text },
  input_type: { places: embeddings, check: text },
};

/** The fields of other hosts at one place: each refused unless the plan allows it. */
export function vendorFieldsAt(place: Place): Fields {
  const allowable = vendorFieldNames.map((name) => [name, checkOf(name, place)] as const);
  const never = [...vendorFieldsNeverAllowed].map(
    ([name, why]) => [name, () => notAllowed(`is not accepted here: ${why}`)] as const,
  );
  const found = allowable.filter(([name]) => vendorFields[name].places.includes(place));
  return Object.fromEntries(place === 'message' ? found : [...found, ...never]);
}

function checkOf(name: VendorFieldName, place: Place): Check {
  const { check } = vendorFields[name];
  return (value, inspection) => {
    if (!inspection.allow.vendorFields.includes(name)) {
      return notAllowed('is not accepted here: the plan must name it in "allow.vendorFields"');
    }
    // In a message it is the text that the model thought.
    const isThought = place === 'message' && name === 'reasoning';
    return isThought ? text(value, inspection) : check(value, inspection);
  };
}
