import { OpenAI } from 'openai-6';
import { zodResponseFormat, zodTextFormat } from 'openai-6/helpers/zod';
import { vi } from 'vitest';
import * as z from 'zod';
import { describeContract } from './contract.ts';
import type { SdkUnderTest } from './sdk-list.ts';

vi.mock('openai', () => import('openai-6'));

const thing = z.object({ name: z.string(), size: z.number() });

describeContract('guard.client with openai 6', {
  OpenAI: OpenAI as unknown as SdkUnderTest['OpenAI'],
  connect: ({ guard }, user) => guard.client(user),
  responseFormat: zodResponseFormat(thing, 'thing') as never,
  textFormat: zodTextFormat(thing, 'thing') as never,
});
