import type { Generation } from './generation.ts';
import { hostedCallsOf, imageTokensOf, PROMPT_TOKENS } from './hosted-calls.ts';
import type { FakeJson } from './json.ts';
import type { ScriptedHostedCall } from './script.ts';

/** The output items of the calls of hosted tools. */
export function hostedItems({ call }: Pick<Generation, 'call'>): FakeJson[] {
  return hostedCallsOf(call.body, call.script).map((hosted, index) => ({
    id: `ht_${call.serial}${index}`,
    type: `${hosted.tool}_call`,
    status: 'completed',
    ...membersOf(hosted),
  }));
}

function membersOf({ tool, queries = ['weather'], container }: ScriptedHostedCall): FakeJson {
  const container_id = container ?? 'cntr_auto';
  if (tool === 'web_search') return { action: { type: 'search', query: queries[0], queries } };
  if (tool === 'code_interpreter') return { container_id, code: '1 + 1', outputs: null };
  if (tool === 'shell') return { environment: { type: 'container_reference', container_id } };
  return tool === 'image_generation' ? { result: 'iVBORw0KGgo=' } : {};
}

/** The usage of hosted tools, as the script overrides it. Left out if none was called. */
export function toolUsage({ call: { body, script } }: Generation): FakeJson {
  const calls = hostedCallsOf(body, script);
  if (calls.length === 0 || script.toolUsage === 'missing') return {};
  const of = (tool: string) => calls.filter((call) => call.tool === tool);
  const searches = of('web_search').reduce((sum, { queries = [''] }) => sum + queries.length, 0);
  const images = of('image_generation');
  const input_tokens = images.length * PROMPT_TOKENS;
  const output_tokens = images.reduce((sum, image) => sum + imageTokensOf(body, image), 0);
  const image_gen = {
    input_tokens,
    input_tokens_details: { image_tokens: 0, text_tokens: input_tokens },
    output_tokens,
    total_tokens: input_tokens + output_tokens,
  };
  const usage = { image_gen, web_search: { num_requests: searches } };
  return { tool_usage: { ...usage, ...script.toolUsage } };
}
