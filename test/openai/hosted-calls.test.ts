import { describe, expect, it } from 'vitest';
import { countHostedCalls } from '../../src/openai/answer/hosted-calls.ts';

const billed = (output: unknown, tool_usage?: unknown) =>
  countHostedCalls({ output, tool_usage })?.billed;
const search = (action?: object) => ({ type: 'web_search_call', status: 'completed', action });
const python = (container_id?: string) => ({ type: 'code_interpreter_call', container_id });
const shell = (environment?: object | null) => ({ type: 'shell_call', environment });

describe('countHostedCalls', () => {
  it('Every kind of hosted call counts once for each item', () => {
    const calls = ['file_search_call', 'image_generation_call', 'computer_call', 'mcp_call'];
    const output = [...calls, ...calls, 'message', 'reasoning', 'function_call', 'mcp_list_tools'];
    expect(billed(output.map((type) => ({ type })))).toEqual({
      file_search: 2,
      image_generation: 2,
      computer: 2,
      mcp: 2,
    });
  });

  it('An answer without a list of items says nothing of its hosted calls', () => {
    expect(countHostedCalls({})).toBeUndefined();
    expect(countHostedCalls({ output: 'text' })).toBeUndefined();
    expect(billed([])).toEqual({});
    expect(billed([null, 'text', 5, []])).toEqual({});
  });

  it('A search counts each of its queries, and opening a page counts nothing', () => {
    const output = [
      search({ type: 'search', query: 'a', queries: ['a', 'b', 'c'] }),
      search({ type: 'search', query: 'd' }),
      search({ type: 'search', queries: [] }),
      search({ type: 'open_page', url: 'https://x.example' }),
      search({ type: 'find_in_page', pattern: 'x' }),
      search(),
    ];
    expect(billed(output)).toEqual({ web_search: 6 });
  });

  it.each([0, 1, 9])('The number of billed searches (%i) counts more than the items', (n) => {
    const output = [search({ type: 'search', queries: ['a', 'b'] })];
    expect(billed(output, { web_search: { num_requests: n } })).toEqual({ web_search: n });
  });

  it.each([-1, 1.5, '2', null, Number.NaN])(
    'A number of searches that is no count (%s) is ignored',
    (n) => {
      expect(billed([search()], { web_search: { num_requests: n } })).toEqual({ web_search: 1 });
    },
  );

  it('A container counts once, however many calls and tools use it', () => {
    const container = { type: 'container_reference', container_id: 'cntr_1' };
    const output = [python('cntr_1'), python('cntr_1'), shell(container), python('cntr_2')];
    expect(billed(output)).toEqual({ code_interpreter: 2, shell: 0 });
    expect(billed([python(), python()])).toEqual({ code_interpreter: 1 });
  });

  it('A shell call that the caller runs is not billed', () => {
    expect(billed([shell({ type: 'local' })])).toEqual({ shell: 0 });
    expect(billed([shell(null)])).toEqual({ shell: 1 });
  });

  it('The tokens of images are read from the usage of the tool', () => {
    const tokens = (image_gen: unknown) =>
      countHostedCalls({ output: [], tool_usage: { image_gen } })?.imageTokens;
    const input_tokens_details = { image_tokens: 30, text_tokens: 20 };
    expect(tokens({ input_tokens: 50, output_tokens: 14_272, input_tokens_details })).toEqual({
      inputTokens: 50,
      inputImageTokens: 30,
      outputTokens: 14_272,
    });
    // Without details, all of it may be images, which cost more.
    expect(tokens({ input_tokens: 50, output_tokens: 1 })?.inputImageTokens).toBe(50);
    expect(tokens({ input_tokens: 0, output_tokens: 0 })).toBeUndefined();
    expect(tokens({ output_tokens: 5 })).toBeUndefined();
    expect(tokens(null)).toBeUndefined();
  });
});
