import { createOpenAI } from '@ai-sdk/openai';
import * as ai from 'ai';
import { describeAiSdk } from './ai-sdk.ts';

describeAiSdk('ai 7', { ai, createOpenAI });
