import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { type BuiltRequest, buildRequest } from '../../src/openai/request/build-request.ts';
import { allowing } from './building.ts';
import { endpointNamed } from './named.ts';
import { type SdkField, SdkTypes } from './sdk-types.ts';

const each = { usdPerCall: 0.01, maxCalls: 3, inputTokensPerCall: 100 };

/** Everything that a plan can allow. */
const policy = allowing({
  images: { https: true, tokensEach: 100_000 },
  files: { tokensEach: 100_000 },
  audio: { tokensEach: 100_000 },
  audioOutput: true,
  realtime: { session: { type: 'realtime', model: 'gpt-realtime' }, reserve: { usd: 1 } },
  hostedTools: {
    web_search: each,
    file_search: each,
    code_interpreter: each,
    computer: each,
    shell: each,
    mcp: each,
    image_generation: { maxCalls: 2, inputTokensPerCall: 10, usdPerCall: 0.1 },
  },
  vectorStores: ['vs_1'],
  mcpServers: ['https://mcp.example/'],
  serviceTiers: ['flex', 'priority', 'fast', 'ultrafast', 'scale'],
  prompts: { x: {} },
  stateful: {},
});

const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

/** Texts that must have a form, by the name of their field. */
const texts = {
  model: 'gpt-5-mini',
  url: png,
  image_url: png,
  file_data: 'x',
  data: wav,
  size: '1024x1024',
  vector_store_ids: 'vs_1',
  server_url: 'https://mcp.example/',
};

/** The types of the installed `openai` package, 7.59, and the smallest body of each endpoint. */
const requests = [
  [
    'chat.completions',
    'chat/completions/completions',
    'ChatCompletionCreateParamsBase',
    { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] },
  ],
  ['responses', 'responses/responses', 'ResponseCreateParamsBase', { model: 'gpt-5-mini' }],
  ['responses', 'beta/responses/responses', 'ResponseCreateParamsBase', { model: 'gpt-5-mini' }],
  ['completions', 'completions', 'CompletionCreateParamsBase', { model: 'm', prompt: 'hi' }],
  ['embeddings', 'embeddings', 'EmbeddingCreateParams', { model: 'm', input: 'hi' }],
  ['moderations', 'moderations', 'ModerationCreateParams', { input: 'hi' }],
  ['realtime.client_secrets', 'realtime/client-secrets', 'ClientSecretCreateParams', {}],
] as const;

const types = new SdkTypes(
  requests.map(([, file]) => file),
  texts,
);

/** What no plan can allow. Each is refused by its name, with the reason. */
const REASONS = [
  '"access_programs" belongs to the account.',
  '"background_options" belongs to "background", which is not accepted.',
  '"context_management" would run the model once more; compaction is not accepted.',
  '"input.0" is not accepted; set the same fields on the request.',
  '"input.0" is of a program that calls tools, which is not accepted.',
  '"input.0" is of a run with several agents, which is not accepted.',
  '"input.0" would run the model once more; compaction is not accepted.',
  '"input.0.agent" is of a run with several agents, which is not accepted.',
  '"input.0.content.0.file_url" would be fetched by OpenAI; send the file inline instead.',
  '"input.0.output.0.file_url" would be fetched by OpenAI; send the file inline instead.',
  '"input.0.tools.0" runs programs that call tools; they have no known price.',
  '"input.0.tools.0.authorization" credentials for MCP servers are not accepted.',
  '"input.0.tools.0.complexity" changes the price in a way that is not published.',
  '"input.0.tools.0.connector_id" would act with the rights of the account; connectors are not accepted.',
  '"input.0.tools.0.container.network_policy" would open the network to code that a caller writes.',
  '"input.0.tools.0.environment.skills" belong to the account; skills are not accepted.',
  '"input.0.tools.0.execution" must be "client": no hosted search is accepted.',
  '"input.0.tools.0.frame_count" changes the price in a way that is not published.',
  '"input.0.tools.0.frame_duration_ms" changes the price in a way that is not published.',
  '"input.0.tools.0.headers" headers for MCP servers are not accepted.',
  '"input.0.tools.0.model" must be one of "gpt-image-1.5", which the plan allows.',
  '"input.0.tools.0.svg" changes the price in a way that is not published.',
  '"input.0.tools.0.tunnel_id" would reach into a private network; tunnels are not accepted.',
  '"multi_agent" would run several agents, and nothing bounds their cost.',
  '"prediction" is billed beyond the output cap; predictions are not accepted.',
  '"prompt_cache_options.prewarm" would write the cache without an answer.',
  '"reasoning.mode" must be "standard": others have no known price.',
  '"tool_choice" is of a program that calls tools, which is not accepted.',
];

/** What a request costs, whatever its body says besides. */
const boundOf = (built: BuiltRequest) => {
  const { choices, outputCapTokens, serviceTier, stream, inputRounds, hostedFeesNanoUsd } = built;
  return { choices, outputCapTokens, serviceTier, stream, inputRounds, hostedFeesNanoUsd };
};

const build = (endpoint: string, small: object, body: object) =>
  buildRequest(endpointNamed(endpoint), { ...small, ...body }, policy);

/** A header, which the SDK takes among the fields of a body. */
const HEADERS = ['betas'];

const fieldsOf = (file: string, type: string): SdkField[] =>
  types.fieldsOf(file, type).filter(({ path }) => !HEADERS.includes(path));

/** The messages of the denials of all fields, each sent with a value of its type. */
const refusals = requests.flatMap(([endpoint, file, type, small]) =>
  fieldsOf(file, type)
    .map((field) => build(endpoint, small, field.with(field.sample)))
    .filter((built) => isDenial(built) && built.code === 'parameter_not_allowed')
    .map((built) => (isDenial(built) ? built.message : '')),
);

describe.each(requests)('%s takes the fields of the SDK types in %s', (...request) => {
  const [endpoint, file, type, small] = request;

  it('null is taken in every field whose type allows it, and bounds the call as its absence does', () => {
    for (const field of fieldsOf(file, type).filter(({ isNullable }) => isNullable)) {
      const without = build(endpoint, small, field.without());
      // What stands around it may be refused.
      if (isDenial(without)) continue;
      const withNull = build(endpoint, small, field.with(null));
      const found = isDenial(withNull) ? withNull.message : boundOf(withNull);
      expect(found, field.path).toEqual(boundOf(without));
    }
  });
});

it('Every field of the SDK types is known, and one that no plan can allow is refused with its reason', () => {
  // A session is the plan's own.
  const reasons = refusals.filter(
    (message) => !/^"session\.\w+" is fixed by the plan/.test(message),
  );
  expect([...new Set(reasons)].sort()).toEqual(REASONS);
});
