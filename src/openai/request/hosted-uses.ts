import { nanoUsdUp } from '../../base/money.ts';
import { type Denial, isDenial } from '../../core/denial.ts';
import { dearestUse, type HostedUse } from '../prices/hosted-fees.ts';
import {
  type CalledTool,
  type ContainerTool,
  HOSTED_TOOL_NAMES,
  type HostedToolName,
  type ImageGeneration,
  type WebSearch,
} from '../prices/hosted-tools.ts';
import { imagePrice } from '../prices/image-prices.ts';
import {
  CALL_FEES,
  DEAREST_FEES,
  DEAREST_SESSION,
  INPUT_TOKENS,
  LARGE_SEARCH_TOKENS,
  RESULT_TOKENS,
  SESSION_FEES,
  searchFee,
} from '../prices/tool-fees.ts';
import { below, type Inspection, isObject, type JsonObject, notAllowed } from './wire-check.ts';

/** A hosted tool with a known price. */
export interface PricedTool {
  readonly use: HostedUse;
  /** The tool as it is sent, if that differs from how it came. */
  readonly sent?: JsonObject;
}

/** Notes what a tool can use. Of two tools with one name the most counts. */
export function noteUse(name: HostedToolName, use: HostedUse, inspection: Inspection): void {
  inspection.isTextOnly = false;
  inspection.hosted ??= new Map();
  const other = inspection.hosted.get(name);
  inspection.hosted.set(name, other === undefined ? use : dearestUse(other, use));
}

/** Notes every tool that the plan allows, at its dearest: a stored prompt may name any of them. */
export function noteEveryTool(inspection: Inspection): void {
  const { hostedTools } = inspection.allow;
  for (const name of HOSTED_TOOL_NAMES) {
    const allowed = hostedTools[name];
    if (allowed === undefined) continue;
    const use = useOf(allowed, { fee: DEAREST_FEES[name], inputTokens: INPUT_TOKENS[name] });
    const perCall = 'searchesPerCall' in allowed ? allowed.searchesPerCall : 1;
    noteUse(name, { ...use, perCall }, inspection);
  }
}

interface Known {
  readonly fee: number;
  readonly inputTokens: number;
}

/** The plan's fee can only raise the published one. Its input tokens replace the published ones. */
function useOf(allowed: CalledTool, { fee, inputTokens }: Known): HostedUse {
  return {
    maxCalls: allowed.maxCalls,
    nanoUsdEach: Math.max(fee, nanoUsdUp(allowed.usdPerCall ?? 0)),
    perCall: 1,
    unseen: 0,
    inputTokensPerCall: allowed.inputTokensPerCall ?? inputTokens,
    image: undefined,
  };
}

/** A tool whose fee depends on nothing. */
export const callUse =
  (name: 'computer' | 'mcp') =>
  (_: JsonObject, allowed: CalledTool): PricedTool => ({
    use: useOf(allowed, { fee: CALL_FEES[name], inputTokens: INPUT_TOKENS[name] }),
  });

export function searchUse(tool: JsonObject, allowed: WebSearch, { model }: Inspection): PricedTool {
  const isLarge = tool['search_context_size'] === 'high';
  const inputTokens = isLarge ? LARGE_SEARCH_TOKENS : INPUT_TOKENS.web_search;
  const use = useOf(allowed, { fee: searchFee(tool['type'], model), inputTokens });
  return { use: { ...use, perCall: allowed.searchesPerCall } };
}

/** Chat does not say how often it searched, so all that the plan allows is charged. */
export function chatSearchUse(...asked: Parameters<typeof searchUse>): PricedTool {
  const { use } = searchUse(...asked);
  return { use: { ...use, perCall: 1, unseen: use.maxCalls } };
}

export function fileSearchUse(tool: JsonObject, allowed: CalledTool): PricedTool {
  const results = tool['max_num_results'];
  const inputTokens =
    typeof results === 'number' ? results * RESULT_TOKENS : INPUT_TOKENS.file_search;
  return { use: useOf(allowed, { fee: CALL_FEES.file_search, inputTokens }) };
}

type ContainerName = 'code_interpreter' | 'shell';

/** A container that exists may have any memory. */
const storedContainer = (name: ContainerName, allowed: ContainerTool): PricedTool => ({
  use: useOf(allowed, { fee: DEAREST_SESSION, inputTokens: INPUT_TOKENS[name] }),
});

/** A container in `field` that is made for this call. Its memory is sent, so that it is what was priced. */
function newContainer(
  name: ContainerName,
  field: string,
  { tool, given, allowed }: { tool: JsonObject; given: JsonObject; allowed: ContainerTool },
): PricedTool | Denial {
  const memory = oneOfPlan(given['memory_limit'], allowed.memory);
  if (isDenial(memory)) return below(field, below('memory_limit', memory));
  const use = useOf(allowed, { fee: SESSION_FEES[memory], inputTokens: INPUT_TOKENS[name] });
  const sent = { ...tool, [field]: { ...given, memory_limit: memory } };
  // Users have reported containers that were billed without a call, so one is charged as a precaution.
  return { use: { ...use, unseen: 1 }, sent };
}

export function codeUse(tool: JsonObject, allowed: ContainerTool): PricedTool | Denial {
  const given = tool['container'] ?? { type: 'auto' };
  return isObject(given)
    ? newContainer('code_interpreter', 'container', { tool, given, allowed })
    : storedContainer('code_interpreter', allowed);
}

/** A shell without an environment may be run by the caller, so none is sent. */
export function shellUse(tool: JsonObject, allowed: ContainerTool): PricedTool | Denial {
  const given = tool['environment'];
  if (isObject(given) && given['type'] !== 'container_reference') {
    return newContainer('shell', 'environment', { tool, given, allowed });
  }
  if (isObject(given)) return storedContainer('shell', allowed);
  const fee = Math.max(...allowed.memory.map((memory) => SESSION_FEES[memory]));
  return { use: useOf(allowed, { fee, inputTokens: INPUT_TOKENS.shell }) };
}

/** Each partial image costs this many output tokens (guide "Image generation", 2026-10). */
const PARTIAL_IMAGE_TOKENS = 100;

export function imageUse(tool: JsonObject, allowed: ImageGeneration): PricedTool | Denial {
  const model = oneOfPlan(tool['model'], allowed.models);
  if (isDenial(model)) return below('model', model);
  const quality = oneOfPlan(tool['quality'], allowed.quality);
  if (isDenial(quality)) return below('quality', quality);
  const size = oneOfPlan(tool['size'], allowed.sizes);
  if (isDenial(size)) return below('size', size);
  const price = imagePrice(model, quality, size);
  const partialTokens = Number(tool['partial_images'] ?? 0) * PARTIAL_IMAGE_TOKENS;
  const use = useOf(allowed, { fee: 0, inputTokens: INPUT_TOKENS.image_generation });
  const image =
    price?.outputTokens === undefined
      ? price
      : {
          ...price,
          outputTokens: price.outputTokens + partialTokens,
        };
  return { use: { ...use, image }, sent: { ...tool, model, quality, size } };
}

/** Returns the asked value if the plan lists it, and its first one for none and for `auto`. */
function oneOfPlan<Value extends string>(
  asked: unknown,
  allowed: readonly Value[],
): Value | Denial {
  const [first] = allowed;
  if ((asked === undefined || asked === null || asked === 'auto') && first !== undefined)
    return first;
  const found = allowed.find((value) => value === asked);
  return found ?? notAllowed(`must be one of "${allowed.join('", "')}", which the plan allows`);
}
