import { OpenAI } from 'openai-5';
import { zodResponseFormat, zodTextFormat } from 'openai-5/helpers/zod';
import { vi } from 'vitest';
import { z } from 'zod/v3';
import { describeContract } from './contract.ts';
import type { SdkUnderTest } from './sdk-list.ts';

vi.mock('openai', () => import('openai-5'));

const thing = z.object({ name: z.string(), size: z.number() });

describeContract('guard.client with openai 5', {
  OpenAI: OpenAI as unknown as SdkUnderTest['OpenAI'],
  connect: ({ guard }, user) => guard.client(user),
  responseFormat: zodResponseFormat(thing as never, 'thing') as never,
  textFormat: zodTextFormat(thing as never, 'thing') as never,
});
