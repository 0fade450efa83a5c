import type { HostedToolName } from '../prices/hosted-tools.ts';
import {
  beyondText,
  type Check,
  type Fields,
  isObject,
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

/** A tool that OpenAI runs. Its fee and the input that it adds must be known before the call. */
function hosted(name: HostedToolName, fields: Fields): Check {
  const check = object({ type: scalar, ...fields });
  return (value, inspection) => {
    const tool = inspection.allow.hostedTools[name];
    if (tool === undefined) {
      return notAllowed(`is the hosted tool "${name}", which the plan does not enable`);
    }
    inspection.isTextOnly = false;
    inspection.hosted ??= new Map();
    inspection.hosted.set(name, tool);
    return check(value, inspection);
  };
}

const oneOf =
  (list: 'vectorStores' | 'mcpServers', what: string): Check =>
  (value, { allow }) =>
    typeof value === 'string' && allow[list].includes(value)
      ? undefined
      : notAllowed(`is no ${what} that the plan names in "${list}"`);

const container = object({
  type: (value) =>
    value === 'auto' || value === 'container_auto' ? undefined : malformed('must be "auto"'),
  memory_limit: scalar,
  file_ids: reference,
});

/** A container named by id may belong to another user. One made for this call does not. */
const ownContainer: Check = (value, inspection) =>
  typeof value === 'string' ? reference(value, inspection) : container(value, inspection);

const shellEnvironment: Check = (value, inspection) => {
  if (!isObject(value)) return malformed('must be an object');
  if (value['type'] === 'local') return undefined;
  if (value['type'] === 'container_reference') return reference(value, inspection);
  return container(value, inspection);
};

const web = {
  search_context_size: scalar,
  user_location: json,
  filters: json,
  external_web_access: scalar,
  search_content_types: json,
};
export const webSearch = hosted('web_search', web);

const hostedTools: Fields = {
  web_search: webSearch,
  web_search_2025_08_26: webSearch,
  web_search_preview: webSearch,
  web_search_preview_2025_03_11: webSearch,
  file_search: hosted('file_search', {
    vector_store_ids: listOf(oneOf('vectorStores', 'vector store')),
    filters: json,
    max_num_results: scalar,
    ranking_options: json,
  }),
  code_interpreter: hosted('code_interpreter', {
    container: ownContainer,
    allowed_callers: json,
  }),
  image_generation: hosted('image_generation', {
    action: scalar,
    background: scalar,
    complexity: scalar,
    frame_count: scalar,
    frame_duration_ms: scalar,
    input_fidelity: scalar,
    input_image_mask: reference,
    model: scalar,
    moderation: scalar,
    output_compression: scalar,
    output_format: scalar,
    partial_images: scalar,
    quality: scalar,
    size: scalar,
    svg: refused('has a price of its own that the plan cannot bound'),
  }),
  computer: hosted('computer', {}),
  computer_use_preview: hosted('computer', {
    environment: scalar,
    display_width: scalar,
    display_height: scalar,
  }),
  shell: (value, inspection) =>
    isObject(value) && isObject(value['environment']) && value['environment']['type'] === 'local'
      ? localShell(value, inspection)
      : hostedShell(value, inspection),
  mcp: hosted('mcp', {
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
  }),
};

const shellFields = { environment: orNull(shellEnvironment), allowed_callers: json };
const hostedShell = hosted('shell', shellFields);
const localShell = beyondText(
  object({ type: scalar, environment: object({ type: scalar }), allowed_callers: json }),
);

const ownFunction = object({
  type: scalar,
  name: text,
  description: text,
  parameters: json,
  output_schema: json,
  strict: scalar,
  async: scalar,
  defer_loading: scalar,
  allowed_callers: json,
});

const ownCustom = object({
  type: scalar,
  name: text,
  description: text,
  format: json,
  async: scalar,
  defer_loading: scalar,
  allowed_callers: json,
});

/** Tools that the caller runs. They are free, and their own text bounds them. How OpenAI words them for the
 * model is recorded for functions only. */
const ownTools: Fields = {
  function: ownFunction,
  custom: beyondText(ownCustom),
  apply_patch: beyondText(object({ type: scalar, allowed_callers: json })),
  local_shell: beyondText(object({ type: scalar })),
  namespace: beyondText(
    object({
      type: scalar,
      name: text,
      description: text,
      tools: listOf(kindOf('type', { function: ownFunction, custom: ownCustom }, 'tools')),
    }),
  ),
  tool_search: beyondText(
    object({
      type: scalar,
      description: text,
      parameters: json,
      execution: (value) =>
        value === 'client'
          ? undefined
          : notAllowed('must be "client": no hosted search is accepted'),
    }),
  ),
};

/** Tools of a Responses call, in every place where they are stated. An MCP server without a URL reaches nothing. */
export const responsesTools = listOf(kindOf('type', { ...ownTools, ...hostedTools }, 'tools'));
