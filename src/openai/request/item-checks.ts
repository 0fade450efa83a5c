import type { HostedToolName } from '../prices/hosted-tools.ts';
import { noteEveryTool } from './hosted-uses.ts';
import {
  audioPart,
  fileData,
  fileDetail,
  fileUrl,
  imageIn,
  partFields,
  refusalPart,
} from './media-checks.ts';
import { responsesTools } from './tool-checks.ts';
import {
  beyondText,
  bringsState,
  type Check,
  type Fields,
  isObject,
  itemReference,
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

/** A citation of a web page is text. One of a file or a container names an object. */
const annotation = kindOf(
  'type',
  {
    url_citation: json,
    file_citation: reference,
    container_file_citation: reference,
    file_path: reference,
  },
  'annotations',
);

const inputParts = {
  input_text: object({ ...partFields, text }),
  input_image: imageIn('image_url', { ...partFields, file_id: reference }),
  input_file: object({
    ...partFields,
    file_data: orNull(fileData),
    file_id: reference,
    file_url: fileUrl,
    filename: text,
    detail: fileDetail,
  }),
  input_audio: audioPart,
};

const inputPart = kindOf('type', inputParts, 'parts');

/** What the helpers of the official SDK add to an answer. OpenAI refuses it in the input. */
const addedBySdk: Check = () =>
  notAllowed(
    'is an addition of the SDK, which OpenAI refuses. Send items through its "toResponseInputItems"',
  );

const outputText = object({
  ...partFields,
  parsed: addedBySdk,
  text,
  annotations: orNull(listOf(annotation)),
  logprobs: json,
});

/** `content` of a message, where it is a list. */
const messageContent = listOf(
  kindOf('type', { ...inputParts, output_text: outputText, refusal: refusalPart }, 'parts'),
);

const ofAgent = refused('is of a run with several agents, which is not accepted');
const ofProgram = refused('is of a program that calls tools, which is not accepted');

/** Fields that most items have. Their ids only matter where the rest of the item is left out. */
const common = { type: scalar, id: scalar, status: scalar, call_id: scalar, agent: ofAgent };

/** Without its content OpenAI would look the item up by its id, and it could be another user's. */
function whole(field: string, check: Check, advice = ''): Check {
  const why = `must carry its "${field}": the item was not stored, so its id is not enough${advice}`;
  return (value, inspection) => {
    const content = isObject(value) ? value[field] : undefined;
    const isWhole = content !== undefined && content !== null;
    if (isWhole || reference(value, inspection) === undefined) return check(value, inspection);
    return notAllowed(why);
  };
}

const message = whole(
  'content',
  object({
    type: scalar,
    id: scalar,
    status: scalar,
    agent: ofAgent,
    role: scalar,
    phase: scalar,
    content: textOr(messageContent),
  }),
);

const encrypted: Check = beyondText((value, inspection) =>
  value === '' ? reference(value, inspection) : text(value, inspection),
);

const withTools = beyondText(
  whole('tools', object({ ...common, role: scalar, execution: scalar, tools: responsesTools })),
);
const call = { ...common, caller: json, namespace: scalar, async: scalar, name: scalar };
const result = whole('output', object({ ...call, output: textOr(listOf(inputPart)) }));

const ownItems: Fields = {
  message,
  function_call: whole(
    'arguments',
    object({ ...call, arguments: text, parsed_arguments: addedBySdk }),
  ),
  function_call_output: result,
  custom_tool_call: whole('input', object({ ...call, input: text })),
  custom_tool_call_output: result,
  tool_search_call: beyondText(
    whole('arguments', object({ ...common, arguments: json, execution: scalar })),
  ),
  tool_search_output: withTools,
  additional_tools: withTools,
  local_shell_call: whole('action', object({ ...common, action: json })),
  local_shell_call_output: whole('output', object({ ...common, output: text })),
  apply_patch_call: whole('operation', object({ ...common, caller: json, operation: json })),
  apply_patch_call_output: object({ ...common, caller: json, output: text }),
  reasoning: whole(
    'encrypted_content',
    object({ ...common, summary: json, content: json, encrypted_content: encrypted }),
    '. Ask for it with include: ["reasoning.encrypted_content"]',
  ),
  compaction: whole('encrypted_content', object({ ...common, encrypted_content: encrypted })),
  compaction_trigger: refused('would run the model once more; compaction is not accepted'),
  configuration_update: refused('is not accepted; set the same fields on the request'),
  item_reference: itemReference,
  agent_message: ofAgent,
  multi_agent_call: ofAgent,
  multi_agent_call_output: ofAgent,
  program: ofProgram,
  program_output: ofProgram,
};

const traceOf = (name: HostedToolName, check: Check): Check =>
  beyondText((value, inspection) =>
    inspection.allow.hostedTools[name] === undefined
      ? notAllowed(`is of the hosted tool "${name}", which the plan does not enable`)
      : check(value, inspection),
  );

/** OpenAI does not say how closely it looks at a screenshot. */
const screenshot = imageIn('image_url', { type: scalar, file_id: reference }, 'original');

const screenshotOutput = object({
  ...common,
  acknowledged_safety_checks: json,
  output: screenshot,
});

/** Earlier calls of hosted tools. Where they name containers or files, they refer to stored objects. */
const hostedItems: Fields = {
  web_search_call: traceOf('web_search', whole('action', object({ ...common, action: json }))),
  file_search_call: traceOf(
    'file_search',
    whole('queries', object({ ...common, queries: json, results: reference })),
  ),
  code_interpreter_call: reference,
  image_generation_call: reference,
  computer_call: reference,
  computer_call_output: (value, inspection) =>
    reference(value, inspection) ?? screenshotOutput(value, inspection),
  shell_call: reference,
  shell_call_output: reference,
  mcp_call: reference,
  mcp_list_tools: reference,
  mcp_approval_request: reference,
  mcp_approval_response: reference,
};

const typedItem = kindOf('type', { ...ownItems, ...hostedItems }, 'items');

/** An item with a role is a message. One without role and type is the bare id of a stored item. */
const inputItem: Check = (value, inspection) => {
  if (!isObject(value) || (value['type'] ?? undefined) !== undefined) {
    return typedItem(value, inspection);
  }
  return value['role'] === undefined
    ? itemReference(value, inspection)
    : message(value, inspection);
};

export const inputItems = listOf(inputItem);

/** A stored prompt that the plan names, filled with parts that could be sent directly. */
export const storedPrompt: Check = (value, inspection) => {
  const id = isObject(value) ? value['id'] : undefined;
  const { prompts } = inspection.allow;
  const prompt = typeof id === 'string' && Object.hasOwn(prompts, id) ? prompts[id] : undefined;
  if (prompt === undefined) {
    return notAllowed('is no stored prompt that the plan names in "prompts"');
  }
  noteEveryTool(inspection);
  return bringsState(prompt, inspection) ?? promptFields(value, inspection);
};

const promptVariables: Check = (value, inspection) =>
  isObject(value)
    ? listOf(textOr(inputPart))(Object.values(value), inspection)
    : notAllowed('must be an object');

const promptFields = object({ id: scalar, version: scalar, variables: orNull(promptVariables) });
