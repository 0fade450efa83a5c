import { describe, expect, it } from 'vitest';
import {
  type VendorFieldName,
  vendorFieldNames,
  vendorFieldsNeverAllowed,
} from '../../src/openai/request/vendor-field-names.ts';
import { allowing, attempt, build, policyOf } from './building.ts';

/** A value of each field, and where it stands; in a message where it says so. */
const values: Readonly<Record<VendorFieldName, readonly [endpoint: string, value: unknown]>> = {
  top_k: ['chat.completions', 40],
  min_p: ['responses', 0.1],
  top_a: ['chat.completions', 0.1],
  repetition_penalty: ['completions', 1.1],
  repeat_penalty: ['completions', 1.1],
  min_tokens: ['chat.completions', 0],
  stop_token_ids: ['chat.completions', [1]],
  ignore_eos: ['chat.completions', true],
  skip_special_tokens: ['chat.completions', true],
  include_stop_str_in_output: ['chat.completions', true],
  random_seed: ['chat.completions', 7],
  reasoning: ['chat.completions', { effort: 'low' }],
  reasoning_content: ['message', 'hm'],
  reasoning_details: ['message', []],
  reasoning_format: ['chat.completions', 'hidden'],
  include_reasoning: ['chat.completions', false],
  thinking: ['chat.completions', { type: 'disabled' }],
  thinking_token_budget: ['chat.completions', 10],
  chat_template_kwargs: ['chat.completions', { enable_thinking: false }],
  structured_outputs: ['chat.completions', { choice: ['a'] }],
  grammar: ['chat.completions', 'root ::= "a"'],
  documents: ['chat.completions', []],
  safe_prompt: ['chat.completions', true],
  prompt_mode: ['chat.completions', 'reasoning'],
  prefix: ['message', true],
  transforms: ['chat.completions', ['middle-out']],
  extra_body: ['chat.completions', { google: { thinking_config: { thinking_budget: 0 } } }],
  output_dimension: ['embeddings', 256],
  output_dtype: ['embeddings', 'int8'],
  input_type: ['embeddings', 'query'],
};

/** The request that holds the field, and the param that names it. */
function requestWith(name: VendorFieldName, value = values[name][1]) {
  const [place] = values[name];
  return place === 'message'
    ? {
        endpoint: 'chat.completions',
        body: { messages: [{ role: 'assistant', content: 'hi', [name]: value }] },
        param: `messages.0.${name}`,
      }
    : { endpoint: place, body: { [name]: value }, param: name };
}

describe.each(vendorFieldNames)('the field "%s" of other hosts', (name) => {
  const { endpoint, body, param } = requestWith(name);

  it('is refused, and the denial names the allowance', () => {
    expect(attempt(endpoint, body)).toMatchObject({
      code: 'parameter_not_allowed',
      param,
      message: `"${param}" is not accepted here: the plan must name it in "allow.vendorFields".`,
    });
  });

  it('is sent as it came where the plan allows it', () => {
    expect(build(endpoint, body, allowing({ vendorFields: [name] })).body).toMatchObject(body);
  });

  it('is checked where the plan allows it', () => {
    const wrong = requestWith(name, { surprise: [1] });
    const free = ['reasoning_details', 'chat_template_kwargs', 'structured_outputs', 'documents'];
    if (free.includes(name)) return;
    expect(attempt(endpoint, wrong.body, allowing({ vendorFields: [name] }))).toHaveProperty(
      'denied',
    );
  });
});

describe('fields that no plan can allow', () => {
  it.each([...vendorFieldsNeverAllowed])('"%s" is refused, because %s', (name, why) => {
    expect(attempt('chat.completions', { [name]: null }, policyOf())).toMatchObject({
      code: 'parameter_not_allowed',
      param: name,
      message: `"${name}" is not accepted here: ${why}.`,
    });
    expect(() => allowing({ vendorFields: [name] })).toThrow(`can be allowed by no plan: ${why}`);
  });
});

describe('a prompt that a host writes before the input', () => {
  it.each([
    ['safe_prompt', { safe_prompt: true }, { safe_prompt: false }],
    ['prompt_mode', { prompt_mode: 'reasoning' }, { prompt_mode: null }],
  ] as const)('is held for, as %s asks for it', (name, more, without) => {
    const policy = allowing({ vendorFields: [name] });
    const { extraInputTokens } = build('chat.completions', more, policy);
    expect(extraInputTokens).toBeGreaterThan(0);
    expect(build('chat.completions', without, policy).extraInputTokens).toBe(0);
  });
});
