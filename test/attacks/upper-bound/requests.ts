/** Random requests that the plan of this suite allows, for every endpoint. */
import fc from 'fast-check';
import { WAV_HEADER_BYTES } from './cost-model.ts';
import { MODELS } from './facts.ts';

export interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

const text = fc.oneof(
  fc.string({ maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.lorem({ maxCount: 30 }),
  fc.constantFrom('😀'.repeat(30), '漢字仮名'.repeat(20), ' '.repeat(200), '"\\\n\t'.repeat(30)),
);
const whole = (most: number) => fc.integer({ min: 1, max: most });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const writers = Object.keys(MODELS).filter((model) => !/instruct|embedding|audio/.test(model)) as [
  string,
  ...string[],
];
const seeing = writers.filter((model) => MODELS[model]?.imageTokens !== undefined);

/** A PNG of 1024 × 1024 pixels, as far as its header tells. */
const png = (() => {
  const bytes = Buffer.alloc(60);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]).copy(bytes);
  bytes.write('IHDR', 12);
  bytes.writeUInt32BE(1_024, 16);
  bytes.writeUInt32BE(1_024, 20);
  return `data:image/png;base64,${bytes.toString('base64')}`;
})();

/** One channel of 16,000 samples of one byte each second. */
function wav(seconds: number): string {
  const data = Buffer.alloc(Math.round(seconds * 16_000));
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]).toString('base64');
}

const schema = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.record({ type: fc.constantFrom('string', 'number'), description: text }),
  { maxKeys: 4 },
);
const parameters = schema.map((properties) => ({ type: 'object', properties }));
const named = { name: fc.stringMatching(/^[a-z_]{1,12}$/), description: text, parameters };

const chatTool = fc.record(named).map((definition) => ({ type: 'function', function: definition }));
const textPart = text.map((value) => ({ type: 'text', text: value }));
const imagePart = fc
  .constantFrom('high', undefined)
  .map((detail) => ({ type: 'image_url', image_url: { url: png, ...(detail && { detail }) } }));
const audioPart = fc.constantFrom(0.3, 2, 7.05).map((seconds) => ({
  type: 'input_audio',
  input_audio: { data: wav(seconds), format: 'wav' },
}));

const roles = fc.constantFrom('system', 'user', 'assistant', 'developer');
const messages = (part: fc.Arbitrary<object>) =>
  fc.array(
    fc.oneof(
      fc.record({ role: roles, content: text }),
      fc.record({
        role: fc.constant('user'),
        content: fc.array(part, { minLength: 1, maxLength: 3 }),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  );

/** A tier that OpenAI publishes a price for. */
const tierOf = (model: string) =>
  fc.constantFrom(undefined, 'auto', 'default', ...Object.keys(MODELS[model]?.tiers ?? {}));

const chat = fc.constantFrom(...writers).chain((model) => {
  const part = seeing.includes(model) ? fc.oneof(textPart, imagePart) : textPart;
  return fc.record({
    model: fc.constant(model),
    messages: messages(part),
    n: maybe(whole(4)),
    max_tokens: maybe(whole(3_000)),
    max_completion_tokens: maybe(whole(3_000)),
    tools: maybe(fc.array(chatTool, { minLength: 1, maxLength: 3 })),
    service_tier: tierOf(model),
    user: maybe(text),
    temperature: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
    stop: maybe(text),
  });
});

const spoken = fc.record({
  model: fc.constant('gpt-audio'),
  messages: messages(fc.oneof(textPart, audioPart)),
  modalities: fc.constant(['text', 'audio']),
  audio: fc.constant({ voice: 'alloy', format: 'mp3' }),
  max_completion_tokens: maybe(whole(500)),
});

const responseTool = fc.oneof(
  fc.record(named).map((definition) => ({ type: 'function', ...definition })),
  fc.constantFrom<object>(
    { type: 'web_search' },
    { type: 'web_search_preview' },
    { type: 'file_search', vector_store_ids: ['vs_1'] },
    {
      type: 'mcp',
      server_label: 'one',
      server_url: 'https://mcp.test/',
      require_approval: 'never',
    },
  ),
  fc.constantFrom(undefined, '1g', '4g', '16g').map((memory) => ({
    type: 'code_interpreter',
    container: { type: 'auto', ...(memory && { memory_limit: memory }) },
  })),
  fc.record(
    {
      type: fc.constant('image_generation'),
      quality: fc.constantFrom('low', 'high', 'auto'),
      size: fc.constantFrom('1024x1024', '1536x1024', 'auto'),
      partial_images: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: ['type'] },
  ),
);

const item = (part: fc.Arbitrary<object>) =>
  fc.oneof(
    fc.record({ role: fc.constantFrom('user', 'developer'), content: text }),
    fc.record({ role: fc.constant('user'), content: fc.array(part, { maxLength: 3 }) }),
    text.map((output) => ({ type: 'function_call_output', call_id: 'call_1', output })),
  );
const inputText = text.map((value) => ({ type: 'input_text', text: value }));
const inputImage = fc.constant({ type: 'input_image', image_url: png, detail: 'high' });

const responses = fc.constantFrom(...writers).chain((model) => {
  const part = seeing.includes(model) ? fc.oneof(inputText, inputImage) : inputText;
  return fc.record({
    model: fc.constant(model),
    input: fc.oneof(text, fc.array(item(part), { minLength: 1, maxLength: 4 })),
    instructions: maybe(text),
    max_output_tokens: maybe(fc.integer({ min: 16, max: 3_000 })),
    max_tool_calls: maybe(whole(5)),
    tools: maybe(fc.array(responseTool, { minLength: 1, maxLength: 3 })),
    previous_response_id: fc.option(fc.constant('resp_1'), { nil: undefined, freq: 8 }),
    service_tier: tierOf(model),
  });
});

const ids = fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 1, maxLength: 40 });
const prompts = fc.oneof(
  text,
  fc.array(text, { minLength: 1, maxLength: 4 }),
  ids,
  fc.array(ids, { minLength: 1, maxLength: 4 }),
);
const completions = fc.record({
  model: fc.constant('gpt-3.5-turbo-instruct'),
  prompt: prompts,
  n: maybe(whole(4)),
  best_of: maybe(whole(4)),
  max_tokens: maybe(whole(500)),
  suffix: maybe(text),
});
const embeddings = fc.record({
  model: fc.constant('text-embedding-3-small'),
  input: prompts,
  dimensions: maybe(whole(512)),
});

const at = (path: string, bodies: fc.Arbitrary<object>): fc.Arbitrary<Asked> =>
  bodies.map((body) => ({
    path,
    body: JSON.parse(JSON.stringify(body)) as Record<string, unknown>,
  }));

/** One request of any endpoint that charges. */
export const requests: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 4, arbitrary: at('/chat/completions', chat) },
  { weight: 1, arbitrary: at('/chat/completions', spoken) },
  { weight: 5, arbitrary: at('/responses', responses) },
  { weight: 1, arbitrary: at('/completions', completions) },
  { weight: 1, arbitrary: at('/embeddings', embeddings) },
);
