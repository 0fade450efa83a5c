import { arrayOf, type FakeJson, isRecord } from './json.ts';
import type { Script, ScriptedHostedCall } from './script.ts';

/**
 * The fees of hosted tools in USD, as OpenAI's price page has them (a copy of 2026-09). Written here once
 * more, so that no mistake of the guard is also one of the invoice.
 */
const SEARCH_USD = 0.01;
const PREVIEW_SEARCH_USD = 0.025;
/** Only models that search by themselves search in chat. */
export const CHAT_SEARCH_USD: number = PREVIEW_SEARCH_USD;
const SESSION_USD: Readonly<Record<string, number>> = {
  '1g': 0.03,
  '4g': 0.12,
  '16g': 0.48,
  '64g': 1.92,
};
const IMAGE_USD_PER_MILLION: Readonly<Record<string, { text: number; output: number }>> = {
  'gpt-image-1.5': { text: 5, output: 32 },
  'gpt-image-1-mini': { text: 2, output: 8 },
  'gpt-image-2': { text: 5, output: 30 },
};
const IMAGE_TOKENS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'gpt-image-1.5 1024x1024': { low: 272, medium: 1_056, high: 4_160 },
  'gpt-image-1.5 1024x1536': { low: 408, medium: 1_584, high: 6_240 },
  'gpt-image-1.5 1536x1024': { low: 400, medium: 1_568, high: 6_208 },
  'gpt-image-1-mini 1024x1024': { low: 272, medium: 1_056, high: 4_160 },
  'gpt-image-1-mini 1024x1536': { low: 408, medium: 1_584, high: 6_240 },
  'gpt-image-1-mini 1536x1024': { low: 400, medium: 1_568, high: 6_208 },
  'gpt-image-2 1024x1024': { low: 196, medium: 1_756, high: 7_024 },
  'gpt-image-2 2048x2048': { high: 14_272 },
};
/** What an image costs that the request leaves to OpenAI. */
const DEAREST_IMAGE_TOKENS = 14_272;
/** What the prompt of an image costs. */
export const PROMPT_TOKENS = 50;

/** Returns the calls that a script makes, as many as the request allows. */
export function hostedCallsOf(body: FakeJson, script: Script): readonly ScriptedHostedCall[] {
  const { webSearches = 0, hostedCalls = [] } = script;
  const searches = Array.from({ length: webSearches }, () => ({ tool: 'web_search' as const }));
  const calls = [...searches, ...hostedCalls];
  const cap = body['max_tool_calls'];
  return typeof cap === 'number' ? calls.slice(0, cap) : calls;
}

const MODELS_THAT_SEARCH = /-search-(?:preview|api)/;
const MODELS_THAT_REASON = /^(?:o\d|gpt-[56])/;

/** Returns the tools of a request, wherever it names them. */
export function toolsOf(body: FakeJson): FakeJson[] {
  const inItems = arrayOf(body['input'])
    .filter(isRecord)
    .flatMap((item) => arrayOf(item['tools']));
  return [...arrayOf(body['tools']), ...inItems].filter(isRecord);
}

export const toolNamed = (body: FakeJson, name: string): FakeJson | undefined =>
  toolsOf(body).find((tool) => String(tool['type']).startsWith(name));

/** Returns what a session of the container of a tool costs. */
export function sessionUsd(body: FakeJson, type = 'code_interpreter'): number {
  const tool = toolNamed(body, type);
  const container = tool?.['container'] ?? tool?.['environment'];
  const memory = isRecord(container) ? container['memory_limit'] : undefined;
  return SESSION_USD[String(memory ?? '1g')] ?? Number.NaN;
}

function searchUsd(body: FakeJson): number {
  const model = String(body['model']);
  if (MODELS_THAT_SEARCH.test(model)) return PREVIEW_SEARCH_USD;
  const isPreview = String(toolNamed(body, 'web_search')?.['type']).includes('preview');
  return isPreview && !MODELS_THAT_REASON.test(model) ? PREVIEW_SEARCH_USD : SEARCH_USD;
}

/** Returns the output tokens of one image. */
export function imageTokensOf(body: FakeJson, call: ScriptedHostedCall): number {
  const tool = toolNamed(body, 'image_generation');
  const row = IMAGE_TOKENS[`${tool?.['model']} ${tool?.['size']}`];
  const tokens = row?.[String(tool?.['quality'])] ?? DEAREST_IMAGE_TOKENS;
  return call.imageTokens ?? tokens + 100 * Number(tool?.['partial_images'] ?? 0);
}

function imageUsd(body: FakeJson, call: ScriptedHostedCall): number {
  const model = String(toolNamed(body, 'image_generation')?.['model']);
  const rates = IMAGE_USD_PER_MILLION[model] ?? { text: 5, output: 32 };
  return (PROMPT_TOKENS * rates.text + imageTokensOf(body, call) * rates.output) / 1e6;
}

/** Returns the fee of each call, in order. A container is billed with its first call. */
export function feesUsd(body: FakeJson, calls: readonly ScriptedHostedCall[]): number[] {
  const containers = new Set<string>();
  return calls.map((call) => {
    if (call.tool === 'web_search') return searchUsd(body) * (call.queries ?? ['']).length;
    if (call.tool === 'file_search') return 0.0025;
    if (call.tool === 'image_generation') return imageUsd(body, call);
    if (call.tool !== 'code_interpreter' && call.tool !== 'shell') return 0;
    const id = call.container ?? '';
    if (containers.has(id)) return 0;
    containers.add(id);
    return sessionUsd(body, call.tool);
  });
}
