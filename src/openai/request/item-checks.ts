import type { HostedToolName } from '../answer/usage.ts';
import { chatContent, inputPart, messageContent, outputContent } from './content-checks.ts';
import { responsesTools } from './tool-checks.ts';
import {
  type Check,
  type Fields,
  isObject,
  json,
  kindOf,
  listOf,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
  text,
  textOr,
} from './wire-check.ts';

const chatMessage = object({
  role: scalar,
  content: textOr(chatContent),
  name: text,
  refusal: text,
  tool_calls: json,
  tool_call_id: text,
  function_call: json,
  // Comes back with each answer that is sent on; it is text.
  annotations: json,
  // The official SDK's helpers send their own reading of an answer back with it.
  parsed: json,
  audio: orNull(object({ id: reference, data: refused('send the transcript instead') })),
});

export const chatMessages = listOf(chatMessage);

/** Fields that most items have. Their ids only matter where the rest of the item is left out. */
const common = { type: scalar, id: scalar, status: scalar, call_id: scalar };

/** Without its content OpenAI would look the item up by its id: it could be anybody's. */
function whole(field: string, check: Check): Check {
  return (value, inspection) => {
    const content = isObject(value) ? value[field] : undefined;
    const isWhole = content !== undefined && content !== null;
    if (isWhole || reference(value, inspection) === undefined) return check(value, inspection);
    return notAllowed(`must carry its "${field}": without it the item is looked up by its id`);
  };
}

const message = whole(
  'content',
  object({
    type: scalar,
    id: scalar,
    status: scalar,
    role: scalar,
    phase: scalar,
    content: textOr(messageContent),
  }),
);

const encrypted: Check = (value, inspection) =>
  value === '' ? reference(value, inspection) : text(value, inspection);

const withTools = whole(
  'tools',
  object({ ...common, role: scalar, execution: scalar, tools: responsesTools }),
);
const call = { ...common, caller: json, namespace: scalar, async: scalar, name: scalar };
const result = whole('output', object({ ...call, output: textOr(outputContent) }));

const ownItems: Fields = {
  message,
  function_call: whole('arguments', object({ ...call, arguments: text })),
  function_call_output: result,
  custom_tool_call: whole('input', object({ ...call, input: text })),
  custom_tool_call_output: result,
  tool_search_call: whole('arguments', object({ ...common, arguments: json, execution: scalar })),
  tool_search_output: withTools,
  additional_tools: withTools,
  local_shell_call: whole('action', object({ ...common, action: json })),
  local_shell_call_output: whole('output', object({ ...common, output: text })),
  apply_patch_call: whole('operation', object({ ...common, caller: json, operation: json })),
  apply_patch_call_output: object({ ...common, caller: json, output: text }),
  reasoning: whole(
    'encrypted_content',
    object({ ...common, summary: json, content: json, encrypted_content: encrypted }),
  ),
  compaction: whole('encrypted_content', object({ ...common, encrypted_content: encrypted })),
  compaction_trigger: refused('would run the model once more; compaction is not accepted'),
  configuration_update: refused('is not accepted; set the same fields on the request'),
  item_reference: reference,
};

const traceOf =
  (name: HostedToolName, check: Check): Check =>
  (value, inspection) =>
    inspection.allow.hostedTools[name] === undefined
      ? notAllowed(`is of the hosted tool "${name}", which the plan does not enable`)
      : check(value, inspection);

/** What hosted tools did earlier; where that names containers or files, it refers to stored objects. */
const hostedItems: Fields = {
  web_search_call: traceOf('web_search', whole('action', object({ ...common, action: json }))),
  file_search_call: traceOf(
    'file_search',
    whole('queries', object({ ...common, queries: json, results: reference })),
  ),
  code_interpreter_call: reference,
  image_generation_call: reference,
  computer_call: reference,
  computer_call_output: reference,
  shell_call: reference,
  shell_call_output: reference,
  mcp_call: reference,
  mcp_list_tools: reference,
  mcp_approval_request: reference,
  mcp_approval_response: reference,
};

const typedItem = kindOf('type', { ...ownItems, ...hostedItems }, 'items');

/** What has a role is a message; what has neither role nor type is the bare id of a stored item. */
const inputItem: Check = (value, inspection) => {
  if (!isObject(value) || value['type'] !== undefined) return typedItem(value, inspection);
  return value['role'] === undefined ? reference(value, inspection) : message(value, inspection);
};

export const inputItems = listOf(inputItem);

/** A stored prompt: one that the plan names, filled with what could be sent directly. */
export const storedPrompt: Check = (value, inspection) => {
  const id = isObject(value) ? value['id'] : undefined;
  const { prompts } = inspection.allow;
  const prompt = typeof id === 'string' && Object.hasOwn(prompts, id) ? prompts[id] : undefined;
  if (prompt === undefined)
    return notAllowed('is no stored prompt that the plan names in "prompts"');
  inspection.extraInputTokens += prompt.inputTokens;
  return promptFields(value, inspection);
};

const promptVariables: Check = (value, inspection) =>
  isObject(value)
    ? listOf(textOr(inputPart))(Object.values(value), inspection)
    : notAllowed('must be an object');

const promptFields = object({ id: scalar, version: scalar, variables: orNull(promptVariables) });
