import { type Denial, isDenial } from '../../core/denial.ts';
import type { HostedToolName, HostedTools } from '../prices/hosted-tools.ts';
import {
  callUse,
  chatSearchUse,
  codeUse,
  fileSearchUse,
  imageUse,
  noteUse,
  type PricedTool,
  searchUse,
  shellUse,
} from './hosted-uses.ts';
import {
  beyondText,
  type Check,
  type Fields,
  type Inspection,
  isObject,
  type JsonObject,
  json,
  kindOf,
  listOf,
  malformed,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
  text,
} from './wire-check.ts';

/** What the plan says of one tool. */
type Allowed<Name extends HostedToolName> = NonNullable<HostedTools[Name]>;

/** Returns what a tool can cost, and how it is sent so that it cannot cost more. */
type PriceOf<Name extends HostedToolName> = (
  tool: JsonObject,
  allowed: Allowed<Name>,
  inspection: Inspection,
) => PricedTool | Denial;

/** A tool that OpenAI runs. Its fee and the input that it adds must be known before the call. */
function hosted<Name extends HostedToolName>(
  name: Name,
  fields: Fields,
  priceOf: PriceOf<Name>,
): Check {
  const check = object({ type: scalar, ...fields });
  return (value, inspection) => {
    const allowed: HostedTools[Name] = inspection.allow.hostedTools[name];
    if (allowed === undefined) {
      return notAllowed(`is the hosted tool "${name}", which the plan does not enable`);
    }
    const denial = check(value, inspection);
    if (denial !== undefined || !isObject(value)) return denial;
    const priced = priceOf(value, allowed, inspection);
    if (isDenial(priced)) return priced;
    noteUse(name, priced.use, inspection);
    if (priced.sent !== undefined) replace(value, priced.sent, inspection);
    return undefined;
  };
}

function replace(tool: JsonObject, sent: JsonObject, inspection: Inspection): void {
  inspection.replaced ??= new Map();
  inspection.replaced.set(tool, sent);
}

const oneOf =
  (list: 'vectorStores' | 'mcpServers', what: string): Check =>
  (value, { allow }) =>
    typeof value === 'string' && allow[list].includes(value)
      ? undefined
      : notAllowed(`is no ${what} that the plan names in "${list}"`);

/** A whole number in a range. */
const count =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : malformed(`must be a whole number from ${least} to ${most}`);

/** A container has no network unless it is given one. */
const networkPolicy: Check = kindOf(
  'type',
  {
    disabled: object({ type: scalar }),
    allowlist: refused('would open the network to code that a caller writes'),
  },
  'network policies',
);

const container = object({
  type: (value) =>
    value === 'auto' || value === 'container_auto' ? undefined : malformed('must be "auto"'),
  memory_limit: scalar,
  file_ids: reference,
  network_policy: networkPolicy,
  skills: refused('belong to the account; skills are not accepted'),
});

/** A container named by id may belong to another user. One made for this call does not. */
const ownContainer: Check = (value, inspection) =>
  typeof value === 'string' ? reference(value, inspection) : container(value, inspection);

const shellEnvironment: Check = (value, inspection) =>
  isObject(value) && value['type'] === 'container_reference'
    ? reference(value, inspection)
    : container(value, inspection);

const web: Fields = {
  search_context_size: scalar,
  user_location: json,
  filters: json,
  external_web_access: scalar,
  search_content_types: json,
};
const webSearch = hosted('web_search', web, searchUse);
/** The `web_search_options` of chat: the same tool, without a `type`. */
export const chatWebSearch: Check = hosted('web_search', web, chatSearchUse);

const noPrice = refused('changes the price in a way that is not published');

const outputFormat: Check = (value) =>
  value === null || value === 'png' || value === 'webp' || value === 'jpeg'
    ? undefined
    : notAllowed('must be "png", "webp" or "jpeg": others have no known price');

const imageFields: Fields = {
  action: scalar,
  background: scalar,
  input_fidelity: scalar,
  input_image_mask: reference,
  model: scalar,
  moderation: scalar,
  output_compression: scalar,
  output_format: outputFormat,
  partial_images: orNull(count(0, 3)),
  quality: scalar,
  size: scalar,
  complexity: noPrice,
  frame_count: noPrice,
  frame_duration_ms: noPrice,
  svg: noPrice,
};

const mcpFields: Fields = {
  server_label: text,
  server_description: text,
  server_url: oneOf('mcpServers', 'MCP server'),
  allowed_tools: json,
  require_approval: json,
  allowed_callers: json,
  defer_loading: scalar,
  connector_id: refused('would act with the rights of the account; connectors are not accepted'),
  tunnel_id: refused('would reach into a private network; tunnels are not accepted'),
  authorization: refused('credentials for MCP servers are not accepted'),
  headers: refused('headers for MCP servers are not accepted'),
};

const fileSearchFields: Fields = {
  vector_store_ids: listOf(oneOf('vectorStores', 'vector store')),
  filters: json,
  max_num_results: orNull(count(1, 50)),
  ranking_options: json,
};

const computerFields: Fields = {
  environment: scalar,
  display_width: scalar,
  display_height: scalar,
};

const localShell = beyondText(
  object({
    type: scalar,
    // Its skills are the caller's own: their names, and what the model reads of them.
    environment: object({ type: scalar, skills: json }),
    allowed_callers: json,
  }),
);
const hostedShell = hosted(
  'shell',
  { environment: orNull(shellEnvironment), allowed_callers: json },
  shellUse,
);
const shell: Check = (value, inspection) =>
  isObject(value) && isObject(value['environment']) && value['environment']['type'] === 'local'
    ? localShell(value, inspection)
    : hostedShell(value, inspection);

/** Every type of a hosted tool, with its check and the name by which plans know it. */
const types: Readonly<Record<string, readonly [HostedToolName, Check]>> = {
  web_search: ['web_search', webSearch],
  web_search_2025_08_26: ['web_search', webSearch],
  web_search_preview: ['web_search', webSearch],
  web_search_preview_2025_03_11: ['web_search', webSearch],
  file_search: ['file_search', hosted('file_search', fileSearchFields, fileSearchUse)],
  code_interpreter: [
    'code_interpreter',
    hosted('code_interpreter', { container: ownContainer, allowed_callers: json }, codeUse),
  ],
  image_generation: ['image_generation', hosted('image_generation', imageFields, imageUse)],
  computer: ['computer', hosted('computer', {}, callUse('computer'))],
  computer_use_preview: ['computer', hosted('computer', computerFields, callUse('computer'))],
  shell: ['shell', shell],
  mcp: ['mcp', hosted('mcp', mcpFields, callUse('mcp'))],
};

/** The checks of hosted tools, by the type that a request names. */
export const hostedToolChecks: Fields = Object.fromEntries(
  Object.entries(types).map(([type, [, check]]) => [type, check]),
);

/** A mention of a hosted tool, which does not add the tool. */
export const hostedToolMentions: Fields = Object.fromEntries(
  Object.entries(types).map(([type, [name]]) => [type, mentionOf(name)]),
);

function mentionOf(name: HostedToolName): Check {
  return (_, { allow }) =>
    // A shell may also be one that the caller runs.
    name === 'shell' || allow.hostedTools[name] !== undefined
      ? undefined
      : notAllowed(`names the hosted tool "${name}", which the plan does not enable`);
}
