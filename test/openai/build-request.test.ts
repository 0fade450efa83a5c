import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { inputUpperBound } from '../../src/openai/request/input-bound.ts';
import { allowing, attempt, build } from './building.ts';

describe('The service tier', () => {
  it.each([{}, { service_tier: 'auto' }, { service_tier: 'default' }, { service_tier: null }])(
    'The service tier is sent as "default" for %j, whatever the project’s setting is',
    (more) => {
      for (const name of ['chat.completions', 'responses'] as const) {
        const built = build(name, more);
        expect([built.body['service_tier'], built.serviceTier]).toEqual(['default', 'default']);
      }
    },
  );

  it('Every other service tier is rejected unless the plan names it', () => {
    for (const tier of ['flex', 'scale', 'priority', 'fast', 'ultrafast', 'x', 5, {}]) {
      const denial = attempt('chat.completions', { service_tier: tier });
      expect(denial).toMatchObject({ code: 'parameter_not_allowed', param: 'service_tier' });
    }
    const plan = allowing({ serviceTiers: ['flex'] });
    expect(build('responses', { service_tier: 'flex' }, plan).serviceTier).toBe('flex');
    expect(isDenial(attempt('responses', { service_tier: 'priority' }, plan))).toBe(true);
  });

  it('The service tier is not sent to endpoints that do not have one', () => {
    for (const name of ['completions', 'embeddings', 'moderations'] as const) {
      expect(build(name).body).not.toHaveProperty('service_tier');
      expect(isDenial(attempt(name, { service_tier: 'default' }))).toBe(true);
    }
  });
});

describe('Fields that the server decides', () => {
  it.each(['chat.completions', 'responses'] as const)('A %s call is not stored', (name) => {
    for (const more of [{}, { store: false }, { store: null }]) {
      expect(build(name, more).body['store']).toBe(false);
    }
    const denial = attempt(name, { store: true });
    expect(denial).toMatchObject({ code: 'parameter_not_allowed', param: 'store' });
    const stateful = allowing({ stateful: {} });
    expect(build(name, { store: true }, stateful).body['store']).toBe(true);
    const silent = { 'chat.completions': false, responses: undefined }[name];
    expect(build(name, {}, stateful).body['store']).toBe(silent);
  });

  it('The client’s user and metadata fields are returned separately and not sent', () => {
    const tags = {
      safety_identifier: 'victim',
      user: 'victim',
      prompt_cache_key: 'k',
      metadata: { a: 'b' },
    };
    for (const name of ['chat.completions', 'responses'] as const) {
      const { body, clientTags } = build(name, tags);
      expect(clientTags).toEqual({
        safetyIdentifier: 'victim',
        user: 'victim',
        promptCacheKey: 'k',
        metadata: { a: 'b' },
      });
      expect(JSON.stringify(body)).not.toContain('victim');
      for (const field of Object.keys(tags)) expect(body).not.toHaveProperty(field);
    }
    expect(build('embeddings', { user: 'victim' }).body).not.toHaveProperty('user');
  });

  it('Usage is requested in every stream of chunks, and hidden if the client did not request it', () => {
    for (const name of ['chat.completions', 'completions'] as const) {
      const silent = build(name, { stream: true });
      expect(silent).toMatchObject({ stream: true, hideUsage: true });
      expect(silent.body['stream_options']).toEqual({ include_usage: true });
      const stream_options = { include_usage: false, include_obfuscation: false };
      const refusing = build(name, { stream: true, stream_options });
      expect(refusing).toMatchObject({
        hideUsage: true,
        body: { stream_options: { ...stream_options, include_usage: true } },
      });
      const asking = build(name, { stream: true, stream_options: { include_usage: true } });
      expect(asking.hideUsage).toBe(false);
      expect(build(name)).toMatchObject({ stream: false, hideUsage: false });
      expect(build(name).body).not.toHaveProperty('stream_options');
    }
    expect(build('responses', { stream: true })).toMatchObject({ stream: true, hideUsage: false });
  });
});

describe('The upper bound of the input tokens', () => {
  it('The bound is the number of bytes of the text, whatever its content', () => {
    for (const content of ['a'.repeat(100_000), '漢'.repeat(50_000), '_'.repeat(50_000)]) {
      const messages = [{ role: 'user', content }];
      const bytes = Buffer.byteLength(JSON.stringify(messages));
      expect(inputUpperBound(bytes, build('chat.completions', { messages }))).toBe(bytes);
    }
  });

  it('The bound counts an image with its own tokens, not with its bytes', () => {
    const url = `data:image/png;base64,${'A'.repeat(10_000)}`;
    const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const built = build('chat.completions', { messages }, allowing({ images: {} }));
    const bytes = JSON.stringify(built.body).length;
    expect(inputUpperBound(bytes, built)).toBe(bytes - url.length + 1_860);
  });

  it('The bound counts the whole input once more for each call of a hosted tool', () => {
    const web_search = { usdPerCall: 0.01, maxCalls: 3, inputTokensPerCall: 500 };
    const plan = allowing({ hostedTools: { web_search } });
    const built = build(
      'responses',
      { tools: [{ type: 'web_search' }], max_output_tokens: 100 },
      plan,
    );
    expect(inputUpperBound(1_000, built)).toBe(4 * (1_000 + 3 * 500 + 100));
  });
});
