import { hostedToolChecks } from './hosted-tool-checks.ts';
import {
  beyondText,
  type Fields,
  json,
  kindOf,
  listOf,
  notAllowed,
  object,
  refused,
  scalar,
  text,
} from './wire-check.ts';

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
  programmatic_tool_calling: refused('runs programs that call tools; they have no known price'),
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
export const responsesTools = listOf(kindOf('type', { ...ownTools, ...hostedToolChecks }, 'tools'));
