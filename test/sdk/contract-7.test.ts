import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import * as z from 'zod';
import { tokenOf } from '../fixture.ts';
import { describeContract } from './contract.ts';

const thing = z.object({ name: z.string(), size: z.number() });
const formats = {
  responseFormat: zodResponseFormat(thing, 'thing') as never,
  textFormat: zodTextFormat(thing, 'thing') as never,
};

describeContract('guard.client with openai 7', {
  OpenAI,
  connect: ({ guard }, user) => guard.client(user),
  ...formats,
});

describeContract('openai 7 over HTTP with a user token', {
  OpenAI,
  connect: ({ guard }, user) =>
    new OpenAI({
      apiKey: () => tokenOf(guard, user),
      baseURL: 'http://app.test/v1',
      fetch: (url, init) => guard.handler(new Request(url, init)),
    }),
  ...formats,
});
