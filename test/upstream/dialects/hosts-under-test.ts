import type { FakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import type { FakeDialect } from '../../../src/testing/fake-openai/host.ts';
import {
  azureOpenAI,
  openAI,
  openAICompatible,
  openRouter,
  type UpstreamSpec,
} from '../../../src/upstream/index.ts';
import { canaries } from '../../canary.ts';

/** The key that no test may show elsewhere. */
export const KEY = canaries.apiKey;

/** A host, as an operator connects it. */
export interface HostUnderTest {
  readonly title: string;
  readonly dialect: FakeDialect;
  /** A model of it that has a price in its list, where it has one. */
  readonly model: string;
  /** A host that has no price list is free, or priced by the operator. */
  readonly isPriced: boolean;
  readonly specFor: (fake: FakeOpenAI) => UpstreamSpec;
}

const origin = ({ baseURL }: FakeOpenAI) => new URL(baseURL).origin;

const compatible = (
  title: string,
  dialect: FakeDialect,
  model: string,
  isPriced = true,
): HostUnderTest => ({
  title,
  dialect,
  model,
  isPriced,
  specFor: ({ baseURL }) => openAICompatible({ baseURL, dialect, apiKey: KEY }),
});

export const hostsUnderTest: readonly HostUnderTest[] = [
  {
    title: 'OpenAI',
    dialect: 'openai',
    model: 'gpt-5-mini',
    isPriced: true,
    specFor: ({ baseURL }) => openAI({ apiKey: KEY, baseURL }),
  },
  {
    title: 'Azure, v1',
    dialect: 'azure',
    model: 'gpt-4o',
    isPriced: true,
    specFor: (fake) => azureOpenAI({ endpoint: origin(fake), apiKey: KEY }),
  },
  {
    title: 'Azure, classic',
    dialect: 'azure',
    model: 'gpt-4o',
    isPriced: true,
    specFor: (fake) => azureOpenAI({ endpoint: origin(fake), apiKey: KEY, paths: 'classic' }),
  },
  {
    title: 'OpenRouter',
    dialect: 'openrouter',
    model: 'openai/gpt-5-mini',
    isPriced: true,
    specFor: ({ baseURL }) => openRouter({ apiKey: KEY, baseURL }),
  },
  compatible('Groq', 'groq', 'llama-3.3-70b-versatile'),
  compatible('Mistral', 'mistral', 'mistral-small-latest'),
  compatible('DeepSeek', 'deepseek', 'deepseek-chat'),
  compatible('xAI', 'xai', 'grok-3'),
  compatible('Gemini', 'gemini', 'gemini-2.5-flash'),
  compatible('vLLM', 'vllm', 'tiny', false),
  compatible('Ollama', 'ollama', 'tiny', false),
];
