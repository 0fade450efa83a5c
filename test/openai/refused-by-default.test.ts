import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { built, chat, chatParts, items, parts, png, responses, tools } from './asking.ts';

const hostedTypes = [
  { type: 'web_search' },
  { type: 'web_search_preview' },
  { type: 'web_search_2025_08_26' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'image_generation' },
  { type: 'computer' },
  { type: 'shell', environment: { type: 'container_auto' } },
  { type: 'mcp', server_label: 'x', server_url: 'https://mcp.example/' },
];

describe('Request features that are rejected by default', () => {
  it.each([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['conversation as object', { conversation: { id: 'conv_1' } }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    ['background', { background: true }],
    ['item_reference', items({ type: 'item_reference', id: 'msg_1' })],
    ['a bare id', items({ id: 'msg_1' })],
    ['a bare id with null type', items({ type: null, id: 'msg_1' })],
    ['a message that is only an id', items({ type: 'message', id: 'msg_1' })],
    ['reasoning without its content', items({ type: 'reasoning', id: 'rs_1', summary: [] })],
    [
      'reasoning with empty content',
      items({ type: 'reasoning', id: 'rs_1', encrypted_content: '' }),
    ],
    [
      'a function call by id',
      items({ type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f' }),
    ],
    ['an output by id', items({ type: 'function_call_output', call_id: 'c' })],
    ['a patch by id', items({ type: 'apply_patch_call', id: 'apc_1' })],
    ['a shell call by id', items({ type: 'local_shell_call', id: 'lsh_1' })],
    [
      'an earlier web search',
      items({ type: 'web_search_call', id: 'ws_1', status: 'completed', action: {} }),
    ],
    ['an image by id', items({ type: 'image_generation_call', id: 'ig_1' })],
    [
      'a container by id',
      items({ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' }),
    ],
    [
      'an MCP approval',
      items({ type: 'mcp_approval_response', approval_request_id: 'x', approve: true }),
    ],
    ['compaction', items({ type: 'compaction_trigger' })],
    ['context_management', { context_management: [{ type: 'compaction' }] }],
    ['configuration_update', items({ type: 'configuration_update', reasoning: {} })],
    ['an unknown item', items({ type: 'whatever_comes_next' })],
    ['an image by URL', parts({ type: 'input_image', image_url: 'https://x.example/a.png' })],
    ['an inline image', parts({ type: 'input_image', image_url: png })],
    ['an image by file id', parts({ type: 'input_image', file_id: 'file_1' })],
    ['a file by id', parts({ type: 'input_file', file_id: 'file_1' })],
    ['a file by URL', parts({ type: 'input_file', file_url: 'https://x.example/a.pdf' })],
    ['an inline file', parts({ type: 'input_file', file_data: 'AAAA' })],
    ['audio', parts({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } })],
    ['an unknown part', parts({ type: 'input_video' })],
    [
      'a file inside an output',
      items({
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'input_file', file_id: 'f' }],
      }),
    ],
    [
      'a citation of a file',
      items({
        role: 'assistant',
        content: [
          {
            type: 'output_text',
            text: 'x',
            annotations: [{ type: 'file_citation', file_id: 'f' }],
          },
        ],
      }),
    ],
    ['prewarming', { prompt_cache_options: { prewarm: true } }],
    [
      'a cached response for comparison',
      { prompt_cache_options: { comparison_response_id: 'resp_1' } },
    ],
    ['a cache lifetime without a price', { prompt_cache_options: { ttl: '12h' } }],
    ['pro reasoning', { reasoning: { mode: 'pro' } }],
    ['an unknown include', { include: ['everything'] }],
    ['access programs', { access_programs: { cyber: 'daybreak_red' } }],
    ['programmatic calling', tools({ type: 'programmatic_tool_calling' })],
    ['hosted tool search', tools({ type: 'tool_search', execution: 'server' })],
    ['an unknown tool', tools({ type: 'whatever_comes_next' })],
    ['a tool without a type', tools({ server_url: 'https://x.example' })],
  ])('The Responses API rejects %s by default', (_, more) => {
    expect(responses(more)).toMatchObject({ denied: true, message: expect.stringMatching(/^"/) });
  });

  it.each([
    [
      'an image by URL',
      chatParts({ type: 'image_url', image_url: { url: 'https://x.example/a' } }),
    ],
    ['an inline image', chatParts({ type: 'image_url', image_url: { url: png } })],
    ['a file by id', chatParts({ type: 'file', file: { file_id: 'file_1' } })],
    ['an inline file', chatParts({ type: 'file', file: { file_data: 'AAAA' } })],
    ['audio', chatParts({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } })],
    ['earlier audio by id', { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }],
    ['audio output', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }],
    ['web search', { web_search_options: {} }],
    ['predictions', { prediction: { type: 'content', content: 'x' } }],
    ['hosted tools', tools({ type: 'web_search' })],
    ['tools of the Responses API', tools({ type: 'mcp', server_url: 'https://x.example' })],
  ])('Chat rejects %s by default', (_, more) => {
    expect(chat(more)).toMatchObject({ code: 'parameter_not_allowed' });
  });

  it.each(hostedTypes)('A hosted tool is rejected in every place by default: $type', (tool) => {
    const places = [
      tools(tool),
      items({ type: 'additional_tools', role: 'developer', tools: [tool] }),
      items({ type: 'tool_search_output', tools: [tool] }),
      tools({ type: 'namespace', name: 'n', description: 'd', tools: [tool] }),
    ];
    for (const place of places)
      expect(responses(place)).toMatchObject({ code: 'parameter_not_allowed' });
  });

  it('Tools that the caller runs are accepted without a fee', () => {
    const own = tools(
      {
        type: 'function',
        name: 'f',
        parameters: { properties: { file_id: { type: 'string' } } },
        strict: true,
      },
      { type: 'custom', name: 'c', format: { type: 'text' } },
      { type: 'apply_patch' },
      { type: 'local_shell' },
      { type: 'shell', environment: { type: 'local' } },
      { type: 'namespace', name: 'n', description: 'd', tools: [{ type: 'function', name: 'g' }] },
      { type: 'tool_search', execution: 'client' },
    );
    expect(built(responses(own))).toMatchObject({ hostedFeesNanoUsd: 0, inputRounds: 1 });
  });

  it('A conversation continues without stored state', () => {
    const input = items(
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [
          {
            type: 'output_text',
            text: 'x',
            annotations: [
              {
                type: 'url_citation',
                url: 'https://x.example',
                title: 't',
                start_index: 0,
                end_index: 1,
              },
            ],
            logprobs: [],
          },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'c',
        name: 'f',
        arguments: '{}',
        status: 'completed',
      },
      { type: 'function_call_output', call_id: 'c', output: 'done' },
      { type: 'custom_tool_call', call_id: 'd', name: 'c', input: 'x' },
      {
        type: 'custom_tool_call_output',
        call_id: 'd',
        output: [{ type: 'input_text', text: 'y' }],
      },
    );
    const include = ['reasoning.encrypted_content'];
    expect(built(responses({ ...input, include })).extraInputTokens).toBe(0);
  });

  it('A chat response is accepted unchanged as the next message', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const messages = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        annotations: [],
        audio: null,
        tool_calls: [call],
      },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'x' }] },
    ];
    expect(isDenial(chat({ messages }))).toBe(false);
  });
});
