import { type Denial, deny } from '../../core/denial.ts';

/** Endpoints of OpenAI that the guard does not serve. */
interface NotServed {
  /** Each with all that is below it. */
  readonly paths: readonly `/${string}`[];
  /** In words that follow the path. */
  readonly why: string;
}

/** Read from the `openai` package 7.59.0 (2026-11). */
export const notServed: readonly NotServed[] = [
  {
    paths: ['/images'],
    why: 'images are made by the hosted tool "image_generation" of a Responses call',
  },
  { paths: ['/audio'], why: 'speech and transcription have no bound of their cost here' },
  {
    paths: ['/responses/input_tokens'],
    why: 'the guard counts tokens itself, where a limit needs it',
  },
  {
    paths: ['/responses/compact'],
    why: 'it would run the model once more; compaction is not accepted',
  },
  { paths: ['/videos'], why: 'videos have no bound of their cost here' },
  {
    paths: ['/responses', '/chat/completions', '/conversations'],
    why: 'users of one key could read what another one stored',
  },
  {
    paths: ['/files', '/uploads', '/vector_stores', '/containers', '/skills'],
    why: 'users of one key could read what another one uploaded',
  },
  {
    paths: ['/assistants', '/threads', '/chatkit', '/agents'],
    why: 'OpenAI keeps their state, and runs them after the call has ended',
  },
  {
    paths: ['/batches', '/fine_tuning', '/evals'],
    why: 'it is a job, and its cost is not known when it starts',
  },
  { paths: ['/realtime', '/live'], why: 'only client secrets of a Realtime session are served' },
  {
    paths: [
      '/organization',
      '/projects',
      '/vaults',
      '/safety',
      '/decisions',
      '/content_provenance_checks',
      '/webhook_endpoints',
      '/webhook_event_types',
    ],
    why: 'it belongs to the account, not to one of its users',
  },
];

const VERSION = /^\/v1(?=\/)/;
const SHOWN_LENGTH_MAX = 100;
/** What is left of a path that goes into a message. */
const UNUSUAL = /[^\w./:~%-]/g;

/** Says why nothing is served at a path: OpenAI has nothing there either, or the guard does not serve it. */
export function unknownEndpoint(rawPath: string): Denial {
  const path = rawPath.replace(VERSION, '');
  const found = notServed.find(({ paths }) => paths.some((base) => isBelow(base, path)));
  const shown = rawPath.slice(0, SHOWN_LENGTH_MAX).replace(UNUSUAL, '?');
  const message =
    found === undefined
      ? `There is no endpoint at "${shown}": check the base URL.`
      : `The guard does not serve "${shown}": ${found.why}. See docs/served.md of guarded-completion.`;
  return deny('unknown_endpoint', message);
}

const isBelow = (base: string, path: string): boolean =>
  path.startsWith(base) && /^(?:\/.|$)/s.test(path.slice(base.length));
