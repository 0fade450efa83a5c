import { badRequest } from './error-replies.ts';
import { toolsOf } from './hosted-calls.ts';
import { type FakeJson, isRecord } from './json.ts';
import type { Reply } from './script.ts';

/** The values of parameters that OpenAI knows; it refuses every other. */
const MEMORY = ['1g', '4g', '16g', '64g'];
const QUALITY = ['low', 'medium', 'high', 'xhigh', 'max', 'auto'];
const RETENTION = ['in_memory', '24h'];

const RESEARCHING = /-deep-research/;
const SEARCHING = /-search-(?:preview|api)/;

/** Returns the refusal of a request whose hosted tools OpenAI does not accept. */
export function refusalOf(body: FakeJson): Reply | undefined {
  const tools = toolsOf(body);
  const model = String(body['model']);
  if (RESEARCHING.test(model) && tools.length === 0) {
    return badRequest(
      'Deep research models require a web search, MCP or file search tool.',
      'tools',
    );
  }
  if (SEARCHING.test(model)) {
    return badRequest('This model is only supported in Chat Completions.', 'model');
  }
  return retentionRefusal(body) ?? tools.map(toolRefusal).find((refusal) => refusal !== undefined);
}

/** Returns the refusal of a way to keep a cache that OpenAI does not know. */
export function retentionRefusal(body: FakeJson): Reply | undefined {
  return unknownValue('prompt_cache_retention', body['prompt_cache_retention'], RETENTION);
}

function toolRefusal(tool: FakeJson): Reply | undefined {
  const container = tool['container'] ?? tool['environment'];
  if (tool['type'] === 'code_interpreter' && container === undefined) {
    return badRequest("Missing required parameter: 'tools[0].container'.", 'tools[0].container');
  }
  const memory = isRecord(container) ? container['memory_limit'] : undefined;
  return (
    unknownValue('memory_limit', memory, MEMORY) ??
    unknownValue('quality', tool['quality'], QUALITY)
  );
}

function unknownValue(param: string, value: unknown, known: readonly string[]): Reply | undefined {
  if (value === undefined || value === null || known.some((one) => one === value)) return undefined;
  return badRequest(`Invalid value: '${String(value)}'. Supported values are: ${known}.`, param);
}
