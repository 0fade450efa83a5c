import { describe, expect, it } from 'vitest';
import { atStart } from './refusals.ts';

const mistakes: readonly [mistake: object, message: string][] = [
  [{ limit: [] }, '"options": has an unknown field "limit"; did you mean "limits"?'],
  [{ secret: undefined }, '"secret" must be at least 32 bytes: set it from a secret store, e.g.'],
  [{ secret: 'short' }, '"secret" must be at least 32 bytes: set it from a secret store, e.g.'],
  [{ timeouts: { hook: 5000 } }, '"options.timeouts.hook": must be a duration like "90s", "15m"'],
  [{ timeouts: { total: '1s' } }, '"options.timeouts": has an unknown field "total": it may have'],
  [{ planTtl: 60 }, '"options.planTtl": must be a duration like "90s", "15m", "24h" or "7d"'],
  [{ planStale: '1 hour' }, '"options.planStale": must be a duration like "90s", "15m"'],
  [
    { tokens: { ttl: '30d' } },
    '"options.tokens.ttl" must be at most "1d", the option "tokens.ttlM',
  ],
  [{ onDisconnect: 'ignore' }, '"options.onDisconnect": must be "abort" or "drain"'],
  [{ bounds: { inFlight: 0 } }, '"options.bounds.inFlight": must be at least 1'],
  [{ audience: '' }, '"options.audience": must be a non-empty string'],
  [{ endUserId: 'x' }, '"options.endUserId": must be a function'],
  [{ clock: Date }, '"options.clock": must have a function "nowMs"'],
  [{ fetch: 'x' }, '"options.fetch": must be a function'],
  [{ retries: 3 }, '"options.retries": must be an object'],
  [{ ledgerFailure: 'allow' }, '"options.ledgerFailure": must be an object'],
  [{ prices: { x: { inputPerMillion: 1 } } }, '"options.prices.x.tokens": must be an object'],
  [{ prices: [] }, '"options.prices": must be an object'],
  [
    { groups: ['team'] },
    '"options.groups": must be an object of kinds of groups, such as { team: {',
  ],
  [{ groups: { Team: {} } }, '"options.groups.Team": must be 1 to 32 characters of a-z, 0-9, "_"'],
  [{ groups: { team: [] } }, '"options.groups.team": must be an object'],
  [{ groups: { team: { limit: [] } } }, '"options.groups.team": has an unknown field "limit"; did'],
  [{ groups: { team: { limits: [{}] } } }, '"options.groups.team.limits[0]" must have exactly one'],
  [
    { groups: { team: { limits: [{ usd: 1, per: 'day', anchor: () => undefined }] } } },
    '"options.groups.team.limits[0].anchor" must be a date here, and no function: the members of',
  ],
  [{ groupsOf: () => [] }, '"options.groupsOf" needs the option "groups", with a kind of groups'],
  [{ groups: { team: {} }, groupsOf: [] }, '"options.groupsOf": must be a function'],
];

const origins: readonly [origins: unknown, message: string][] = [
  [['*'], '.0": must list each origin, such as "https://my-app.com": browsers send no "*"'],
  [['https://*.app.com'], '.0": must list each origin, such as "https://my-app.com"'],
  [['https://a.com/'], '.0": must be "https://a.com", as browsers send it: no path, no slash'],
  [['https://a.com', 'https://A.com'], '.1": must be "https://a.com", as browsers send it'],
  [['a.com'], '.0": must be an origin with its scheme, such as "https://my-app.com"'],
  ['https://a.com', '": must be a list of origins, such as ["https://my-app.com"]'],
];

describe('A mistake in the options', () => {
  it.each(mistakes)('The options %o are refused at the start with %s', (mistake, message) => {
    expect(atStart(mistake)).toMatch(new RegExp(`^${escaped(message)}`));
  });

  it.each(origins)('The CORS origins %o are refused at the start with %s', (given, message) => {
    const expected = `"options.cors.origins${message}`;
    expect(atStart({ cors: { origins: given } })).toMatch(new RegExp(`^${escaped(expected)}`));
  });

  it.each(['https://a.com', 'http://localhost:5173', 'capacitor://localhost', 'null', 'file://'])(
    'The CORS origin %s is accepted, because browsers and web views send it',
    (origin) => {
      expect(atStart({ cors: { origins: [origin] } })).toBe('accepted');
    },
  );
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
