import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import * as z from 'zod';
import { describeSdk } from './sdk-list.ts';

const thing = z.object({ name: z.string(), size: z.number() });

describeSdk('guard.client with openai 7', {
  OpenAI,
  connect: ({ guard }, user) => guard.client(user),
  responseFormat: zodResponseFormat(thing, 'thing') as never,
  textFormat: zodTextFormat(thing, 'thing') as never,
});
