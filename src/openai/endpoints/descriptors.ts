import { chatCompletions } from './chat-completions.ts';
import { completions } from './completions.ts';
import type { Descriptor } from './descriptor.ts';
import { embeddings } from './embeddings.ts';
import { modelsList, modelsRetrieve } from './models.ts';
import { moderations } from './moderations.ts';
import { realtimeClientSecrets } from './realtime-client-secrets.ts';
import { responses } from './responses.ts';

/**
 * Every endpoint that is served. Read from the `openai` package 7.57.0 (2026-11-13) and openai-openapi
 * f85dbe22 (2026-08-21).
 */
export const descriptors: readonly Descriptor[] = [
  chatCompletions,
  responses,
  completions,
  embeddings,
  moderations,
  realtimeClientSecrets,
  modelsList,
  modelsRetrieve,
];

/** The names that plans and user tokens use. */
export const endpointNames: readonly string[] = descriptors.map(({ name }) => name);

/** The names of those whose requests hold what a user wrote to a model. */
export const promptEndpoints: ReadonlySet<string> = new Set(
  descriptors
    .filter((descriptor) => descriptor.answer === undefined && descriptor.readsPrompt)
    .map(({ name }) => name),
);

/** The names of those whose answers a model writes. The others have no output tokens. */
export const writingEndpoints: ReadonlySet<string> = new Set(
  descriptors
    .filter((descriptor) => descriptor.answer === undefined && descriptor.outputCap !== undefined)
    .map(({ name }) => name),
);
