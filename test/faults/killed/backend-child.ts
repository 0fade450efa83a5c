import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bearer } from '../../../src/auth/index.ts';
import {
  createGuardedCompletion,
  type LimitSpec,
  type PlanSpec,
  type ThresholdEvent,
  toNodeHandler,
} from '../../../src/index.ts';
import { openPlace, PATIENCE, type Place, withVerbs } from './place.ts';

/** The settings that the parent passes as JSON in the only argument. */
export interface ChildSettings {
  readonly place: Place;
  readonly apiKey: string;
  readonly secret: string;
  readonly baseURL: string;
  readonly plan: PlanSpec;
  /** Global limits. */
  readonly limits?: readonly LimitSpec[];
  /** The step of a call at which this process sends a message and then hangs for ever. */
  readonly stopsAt: 'key' | 'settle' | undefined;
  /** The lifetime of its tokens. */
  readonly ttl?: string;
  /** The login of the user ada, for `POST /token`. */
  readonly login?: string;
}

export type ChildMessage =
  | {
      readonly kind: 'listening';
      readonly port: number;
      readonly token: string;
      readonly nowMs: number;
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'threshold'; readonly event: ThresholdEvent };

const {
  place,
  apiKey,
  plan,
  stopsAt,
  ttl = '24h',
  login,
  ...settings
} = JSON.parse(process.argv[2] ?? '') as ChildSettings;

const tell = (message: ChildMessage) => process.send?.(message);
const neverEnds = (): Promise<never> => {
  tell({ kind: 'stopped' });
  return new Promise(() => {});
};

const { ledger } = await openPlace(place);
const guard = createGuardedCompletion({
  ...settings,
  apiKey: stopsAt === 'key' ? neverEnds : apiKey,
  plans: { free: plan },
  timeouts: { ledger: PATIENCE },
  ...(login !== undefined && { exchange: { auth: bearer({ [login]: 'ada' }) } }),
  ledger:
    stopsAt === 'settle' ? withVerbs(ledger, { settle: neverEnds, release: neverEnds }) : ledger,
});
guard.on('threshold', (event) => void tell({ kind: 'threshold', event }));
const handler = toNodeHandler(guard);
const exchange = login === undefined ? handler : toNodeHandler(guard.exchange);
const server = createServer((request, response) =>
  request.url === '/token' ? exchange(request, response) : handler(request, response),
);
server.listen(0, '127.0.0.1', async () => {
  const { value: token } = await guard.tokens.issue({ user: 'ada', ttl });
  const { port } = server.address() as AddressInfo;
  tell({ kind: 'listening', port, token, nowMs: Date.now() });
});
process.on('disconnect', () => process.exit(0));
