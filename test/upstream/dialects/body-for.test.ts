import { describe, expect, it } from 'vitest';
import { azureClassicDialect } from '../../../src/upstream/dialects/azure.ts';
import { bodyFor } from '../../../src/upstream/dialects/body-for.ts';
import type { Dialect } from '../../../src/upstream/dialects/dialect.ts';
import { dialects } from '../../../src/upstream/dialects/dialects.ts';
import { allowing, build } from '../../openai/building.ts';
import { endpointNamed } from '../../openai/named.ts';

/** What leaves the guard for OpenAI: built, and tagged. */
function tagged(name: string, more: object = {}, allow: unknown = {}): Record<string, unknown> {
  const { body } = build(name, more, allowing(allow));
  const field = endpointNamed(name).endUserId?.field;
  if (field !== undefined) body[field] = 'user_1';
  return body;
}

const sentTo = (dialect: Dialect, name: string, body: Record<string, unknown>) =>
  bodyFor(dialect, { name }, body, 'host-model');

const all = [...Object.values(dialects), azureClassicDialect];
const named = all.flatMap((dialect) =>
  [...dialect.endpoints]
    .filter(([name]) => !name.startsWith('realtime'))
    .map(([name, { own }]) => ({ title: dialect.title, dialect, name, own })),
);

describe.each(named)('the body for $name of $title', ({ dialect, name, own }) => {
  it('has the end-user id where the host reads it, and nowhere else', () => {
    const sent = sentTo(dialect, name, tagged(name));
    const fields = Object.keys(sent).filter((field) => sent[field] === 'user_1');
    const expected = own === undefined ? endpointNamed(name).endUserId?.field : own.endUser;
    expect(fields).toEqual(expected === undefined ? [] : [expected]);
  });

  it('has the model of the upstream', () => {
    expect(sentTo(dialect, name, tagged(name))).toMatchObject({ model: 'host-model' });
  });
});

const WRITING = new Set(['chat.completions', 'responses', 'completions']);
const writing = named.filter(({ name }) => WRITING.has(name));

describe.each(writing)('the body for $name of $title, which writes', ({ dialect, name, own }) => {
  it('has the output cap under the one name that the host knows', () => {
    const caps = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'];
    const body = tagged(name);
    const cap = caps.map((field) => body[field]).find((value) => value !== undefined);
    const sent = sentTo(dialect, name, body);
    const found = caps.filter((field) => sent[field] !== undefined);
    expect(found).toHaveLength(1);
    expect(sent[found[0] ?? '']).toBe(cap);
    if (own !== undefined) expect(found).toEqual([own.cap]);
  });
});

const withOwnFields = named.filter(({ own }) => own !== undefined);

describe.each(withOwnFields)(
  'the body for $name of $title, which has fields of its own',
  ({ dialect, name, own }) => {
    it('has only fields that the host takes', () => {
      const sent = sentTo(dialect, name, {
        ...tagged(name, name === 'embeddings' ? {} : { stream: true }),
        verbosity: 'medium',
        unheard: null,
      });
      const known = new Set([
        'model',
        own?.cap,
        own?.endUser,
        'service_tier',
        'store',
        'stream_options',
        ...(own?.fields.keys() ?? []),
      ]);
      expect(Object.keys(sent).filter((field) => !known.has(field))).toEqual([]);
    });
  },
);

describe('the body for OpenAI', () => {
  it('is the same object, so the path of a call copies nothing', () => {
    const body = tagged('chat.completions');
    expect(bodyFor(dialects.openai, { name: 'chat.completions' }, body, 'gpt-5-mini')).toBe(body);
  });
});

describe('the body for one host', () => {
  it('Mistral gets nothing that it would refuse with 422', () => {
    const body = tagged('chat.completions', { seed: 7, stream: true, prompt_cache_key: 'a' });
    const key = { prompt_cache_key: 'namespaced' };
    expect(sentTo(dialects.mistral, 'chat.completions', { ...body, ...key })).toEqual({
      model: 'host-model',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 1_000,
      random_seed: 7,
      stream: true,
      service_tier: 'standard_only',
      ...key,
    });
  });

  it('Groq gets its own name of the standard tier', () => {
    const sent = sentTo(dialects.groq, 'chat.completions', tagged('chat.completions'));
    expect(sent).toMatchObject({ service_tier: 'on_demand', user: 'user_1' });
  });

  it('DeepSeek gets the end-user id as "user_id", and asks for usage in streams', () => {
    const body = tagged('chat.completions', { stream: true });
    expect(sentTo(dialects.deepseek, 'chat.completions', body)).toEqual({
      model: 'host-model',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 1_000,
      user_id: 'user_1',
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('a request to xAI asks it to keep no answer', () => {
    const sent = sentTo(dialects.xai, 'responses', tagged('responses'));
    expect(sent).toMatchObject({ store: false, max_output_tokens: 1_000 });
  });

  it('vendor fields that the plan allows pass to a host that takes them', () => {
    const own = { top_k: 40, min_p: 0.1, chat_template_kwargs: { enable_thinking: false } };
    const body = tagged('chat.completions', own, { vendorFields: Object.keys(own) });
    expect(sentTo(dialects.vllm, 'chat.completions', body)).toMatchObject(own);
  });

  it('a body without a cap throws, because the host would write as much as it likes', () => {
    expect(() => sentTo(dialects.vllm, 'chat.completions', { messages: [] })).toThrow(
      'The request to vLLM has no output cap.',
    );
  });
});
