import { createOpenAI } from '@ai-sdk/openai-3';
import * as ai from 'ai-6';
import { type AiSdk, describeAiSdk } from './ai-sdk.ts';

// What the suite uses has the same form in both majors. Their types do not know one another.
describeAiSdk('ai 6', { ai, createOpenAI } as unknown as AiSdk);
