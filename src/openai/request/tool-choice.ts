import { hostedToolMentions } from './hosted-tool-checks.ts';
import { type Check, json, kindOf, listOf, object, refused, scalar, textOr } from './wire-check.ts';

/** Tools that the caller runs. */
const ownTools = {
  function: json,
  custom: json,
  apply_patch: json,
  local_shell: json,
  namespace: json,
  tool_search: json,
};

const others = {
  ...hostedToolMentions,
  programmatic_tool_calling: refused('is of a program that calls tools, which is not accepted'),
};

const named = kindOf('type', { ...ownTools, ...others }, 'tools');
const allowedTools = { mode: scalar, tools: listOf(named) };

/** Which tools the model may or must call. It can name only what the plan enables. */
export const toolChoice: Check = textOr(
  kindOf(
    'type',
    {
      ...ownTools,
      ...others,
      // Of Responses, and of chat.
      allowed_tools: object({
        type: scalar,
        ...allowedTools,
        allowed_tools: object(allowedTools),
      }),
    },
    'tools',
  ),
);
