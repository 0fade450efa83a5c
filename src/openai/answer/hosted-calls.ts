import type { HostedCalls, HostedToolName } from '../prices/hosted-tools.ts';
import type { ImageTokens } from '../prices/image-prices.ts';

/** The members of an answer that `countHostedCalls` reads. */
export interface HostedAnswer {
  /** Of each item: `type`, `action`, `container_id`, `environment`. */
  readonly output?: unknown;
  readonly tool_usage?: unknown;
}

type Json = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

function asCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

const toolOfItem: ReadonlyMap<unknown, HostedToolName> = new Map([
  ['web_search_call', 'web_search'],
  ['file_search_call', 'file_search'],
  ['code_interpreter_call', 'code_interpreter'],
  ['image_generation_call', 'image_generation'],
  ['computer_call', 'computer'],
  ['shell_call', 'shell'],
  ['mcp_call', 'mcp'],
]);

/** Returns what the hosted tools did, or `undefined` where the answer does not list its items. */
export function countHostedCalls(answer: HostedAnswer): HostedCalls | undefined {
  const { output, tool_usage } = answer;
  if (!Array.isArray(output)) return undefined;
  const billed: Partial<Record<HostedToolName, number>> = {};
  const containers = new Set<unknown>();
  for (const value of output) {
    const item = asObject(value);
    const tool = toolOfItem.get(item?.['type']);
    if (item === undefined || tool === undefined) continue;
    billed[tool] = (billed[tool] ?? 0) + unitsOf(tool, item, containers);
  }
  const usage = asObject(tool_usage);
  const searches = asCount(asObject(usage?.['web_search'])?.['num_requests']);
  if (searches !== undefined) billed.web_search = searches;
  const imageTokens = imageTokensOf(asObject(usage?.['image_gen']));
  return { billed, ...(imageTokens !== undefined && { imageTokens }) };
}

/** One call, but for tools that are billed by something else. */
function unitsOf(tool: HostedToolName, item: Json, containers: Set<unknown>): number {
  if (tool === 'web_search') return searchesOf(asObject(item['action']));
  if (tool === 'code_interpreter') return newContainer(item['container_id'], containers);
  if (tool !== 'shell') return 1;
  const environment = asObject(item['environment']);
  if (environment?.['type'] === 'local') return 0;
  return newContainer(environment?.['container_id'], containers);
}

/** A container is billed once, however many calls use it. All without an id are one container. */
function newContainer(id: unknown, containers: Set<unknown>): number {
  if (containers.has(id ?? '')) return 0;
  containers.add(id ?? '');
  return 1;
}

/** One action may search for several queries. Opening a page and finding text in it are free. */
function searchesOf(action: Json | undefined): number {
  if (action?.['type'] === 'open_page' || action?.['type'] === 'find_in_page') return 0;
  const queries = action?.['queries'];
  return Array.isArray(queries) ? Math.max(1, queries.length) : 1;
}

/** Zeros say that nothing was recorded, not that images were free. */
function imageTokensOf(usage: Json | undefined): ImageTokens | undefined {
  const inputTokens = asCount(usage?.['input_tokens']);
  const outputTokens = asCount(usage?.['output_tokens']);
  if (inputTokens === undefined || !outputTokens) return undefined;
  const details = asObject(usage?.['input_tokens_details']);
  const inputImageTokens = Math.min(inputTokens, asCount(details?.['image_tokens']) ?? inputTokens);
  return { inputTokens, inputImageTokens, outputTokens };
}
