import { AlertError } from './errors.ts';
import type { FailedEvent } from './events.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

type Advice = string | undefined;

/** What to do about trouble of the account, by the code or the type of the error. */
const BY_CODE: readonly (readonly [code: RegExp, advice: string])[] = [
  [/api_key|authentication/, 'Check the option "apiKey", or the key of this upstream.'],
  [/quota|billing|credit|balance|payment|spend/, 'Add credit to the account, or raise its limit.'],
  [/deactivated/, 'Ask the host why the account was deactivated.'],
  [/country|region|ip_not/, 'The host does not serve the place of this server.'],
  [/organization|project|scope|permission/, 'Check what the key and its project may do.'],
  [/model/, 'Let the project use the model, or take the model out of the plans.'],
];

/** What to do, by what failed. `undefined`: the error says it. */
export function adviceFor({ source, error, upstream, listener }: FailedEvent): Advice {
  if (source === 'upstream_account') return accountAdvice(upstream);
  if (source === 'upstream') return upstream && upstreamAdvice(upstream);
  if (error instanceof AlertError) return 'Check the receiver of the alerts.';
  if (source === 'listener') return `Correct the listener of "${listener}".`;
  return BY_SOURCE[source];
}

const BY_SOURCE: Readonly<Partial<Record<FailedEvent['source'], string>>> = {
  hook: 'Correct the hook.',
  auth: 'Check that the login provider can be reached from this server.',
  ledger: 'Check the store of the ledger, and the connection to it.',
  overrun: 'Check the dialect of the upstream, and what it counts.',
  usage: 'Check what the host reports. Calls are charged the larger reading, or all they held.',
  webhook: 'Its sender sends it again. Check its secret, and what the error says.',
};

function accountAdvice(upstream: UpstreamFailure | undefined): string {
  const { code = '', status } = upstream ?? {};
  const found = BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
  if (found !== undefined) return found;
  if (status === 401) return 'Check the option "apiKey", or the key of this upstream.';
  if (status === 402) return 'Add credit to the account, or raise its limit.';
  return 'Check the account, and what its key may do.';
}

function upstreamAdvice({ kind, status = 0, code, causedByRequest }: UpstreamFailure): Advice {
  if (code === 'model_not_found') return 'Check the models of the plans, and those of the host.';
  if (causedByRequest) return 'The user got this answer. Check what the app sends.';
  if (kind !== 'refused') return BY_KIND[kind];
  if (status < 300) return BY_KIND.cut;
  if (status < 400) return 'Redirects are not followed: set "baseURL" to where it redirects.';
  if (status < 500) return 'Check "baseURL", and whether the host serves this endpoint.';
  return BY_KIND.cut;
}

const BY_KIND = {
  busy: 'Raise the limit of the account, add an upstream, or lower the limits of the plans.',
  unreached: 'Check "baseURL", and the network between this server and the host.',
  silent: 'Check the state of the host, and "timeouts".',
  cut: 'Check the state of the host.',
  unreadable: 'Check that "baseURL" is that of an API, and what stands before it.',
};
