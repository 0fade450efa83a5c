import OpenAI from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { benchGuard } from '../http/contenders/bench-guard.ts';
import { chatBody } from '../http/workload.ts';
import { argumentOf } from '../measure/parent.ts';
import { work } from '../measure/worker.ts';

/** The official SDK by itself, through a guard, or through a guard that calls OpenAI with `fetch`. */
export type SdkName = 'sdk' | 'guard-client' | 'guard-client-fetch';

export interface SdkWork {
  readonly name: SdkName;
  /** The stand-in for OpenAI. */
  readonly baseURL: string;
}

const CLIENTS: Readonly<Record<SdkName, (baseURL: string) => OpenAI>> = {
  sdk: (baseURL) => new OpenAI({ apiKey: 'sk-example', baseURL }),
  'guard-client': (baseURL) => benchGuard({ baseURL }).client('ada'),
  'guard-client-fetch': (baseURL) => benchGuard({ baseURL, fetch }).client('ada'),
};

const { name, baseURL } = argumentOf<SdkWork>();
const openai = CLIENTS[name](baseURL);
const params: ChatCompletionCreateParamsNonStreaming = JSON.parse(chatBody('json'));
work({ call: () => openai.chat.completions.create(params) });
