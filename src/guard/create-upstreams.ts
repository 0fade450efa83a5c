import type { Events } from '../core/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Settings } from '../options/guard-options.ts';
import { capacityReserve } from '../pipeline/capacity-reserve.ts';
import { modelList } from '../plans/model-list.ts';
import { Capacity } from '../upstream/capacity/capacity.ts';
import { CircuitBreaker, type CircuitTrouble } from '../upstream/circuit-breaker.ts';
import { fetchTransport } from '../upstream/fetch-transport.ts';
import { isOpenAI, servesOpenAI } from '../upstream/openai-host.ts';
import { Places } from '../upstream/queue/places.ts';
import { UpstreamQueue } from '../upstream/queue/upstream-queue.ts';
import type { Transport } from '../upstream/transport.ts';
import { undiciTransport } from '../upstream/undici-transport.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { UpstreamKeys } from '../upstream/upstream-keys.ts';
import { upstreamLabel } from '../upstream/upstream-label.ts';
import { pathsOf, type UpstreamSpec } from '../upstream/upstream-spec.ts';
import { Upstreams } from '../upstream/upstreams.ts';
import { storeReporter } from './guarded-store.ts';

interface CreateParts {
  readonly ledger: Ledger;
  readonly events: Events;
}

type TransportOf = (spec: UpstreamSpec) => Transport;

/** Makes the upstreams of a guard, with their capacity, and the queues in which calls wait for them. */
export function createUpstreams(
  settings: Settings,
  { ledger, events }: CreateParts,
  transportOf: TransportOf = transportBy(settings),
): Upstreams {
  const { clock, bounds, queueMs, upstreams: specs } = settings;
  const onError = storeReporter(events);
  const capacityParts = { clock, records: ledger.records, ledger, onError };
  const queueParts = {
    clock,
    places: new Places(bounds.inFlight),
    bounds: { total: bounds.queued, perUser: bounds.queuedPerUser },
    deadlineMs: queueMs,
    reserve: capacityReserve(ledger),
  };
  return new Upstreams({
    upstreams: [...specs].map(([name, spec]) => upstreamOf(name, spec, settings, transportOf)),
    aliases: settings.modelAliases,
    capacityOf: ({ name }, id) => new Capacity(id, limitsOf(specs.get(name)), capacityParts),
    circuitOf: ({ name }) =>
      new CircuitBreaker({
        clock,
        enabled: true,
        onOpened: (...opened) =>
          events.emit('failed', { source: 'upstream', error: down(name, ...opened) }),
        shared: { upstream: name, records: ledger.records, onError },
      }),
    queueOf: (targetsFor) => new UpstreamQueue(targetsFor, queueParts),
  });
}

function upstreamOf(
  name: string,
  spec: UpstreamSpec,
  { hookMs }: Settings,
  transportOf: TransportOf,
): Upstream {
  const { dialect, hasFixedKey, weight } = spec;
  const { allows } = modelList(spec.models ?? ['*']);
  const serves = dialect.takesPaths
    ? allows
    : (model: string) => allows(model) && !model.startsWith('/');
  const url = new URL(spec.baseURL);
  return {
    name,
    label: upstreamLabel(name, dialect, url),
    host: url.host,
    dialect,
    transport: transportOf(spec),
    keys: new UpstreamKeys(spec.keySource, headersOf(spec), hookMs, spec.keyHeader),
    servesOpenAI: servesOpenAI(url),
    listedBy: listedBy(spec),
    hasFixedKey,
    weight,
    serves,
    pathOf: pathsOf(spec),
  };
}

/** OpenAI's own list also has what no call here can use: images, videos, and what the account made. */
function listedBy({ dialect, baseURL }: UpstreamSpec): Upstream['listedBy'] {
  if (dialect.listsNoModels) return undefined;
  return isOpenAI(new URL(baseURL)) ? 'prices' : 'host';
}

function headersOf({ headers }: UpstreamSpec): Readonly<Record<string, string>> {
  return {
    ...headers,
    'content-type': 'application/json',
    // A compressed answer would have to be unpacked to be metered.
    'accept-encoding': 'identity',
    'user-agent': 'guarded-completion',
  };
}

function transportBy({ upstreamTimeouts }: Settings): TransportOf {
  return ({ baseURL, fetch }) => {
    const url = new URL(baseURL);
    return fetch === undefined
      ? undiciTransport(url, upstreamTimeouts)
      : fetchTransport(fetch, url, upstreamTimeouts);
  };
}

/** `false`: its limits are not heeded. */
function limitsOf({ rpm, tpm, capacity }: Partial<UpstreamSpec> = {}) {
  if (capacity === false) return false;
  return { ...(rpm !== undefined && { rpm }), ...(tpm !== undefined && { tpm }) };
}

function down(name: string, untilMs: number, trouble: CircuitTrouble): Error {
  const why = trouble === 'account' ? 'refuses the key or the account' : 'failed 5 times in a row';
  const until = new Date(untilMs).toISOString();
  return new Error(`The upstream "${name}" ${why}. Calls go elsewhere until ${until}.`);
}
