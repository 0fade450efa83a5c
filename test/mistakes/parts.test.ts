import { Client } from 'pg';
import { createClient } from 'redis';
import { describe, expect, it } from 'vitest';
import { anyOf, authenticate, bearer, userTokens } from '../../src/auth/index.ts';
import { memoryLedger } from '../../src/index.ts';
import { postgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts';
import { redisLedger } from '../../src/ledger/redis/redis-ledger.ts';
import { sqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { openAI } from '../../src/upstream/index.ts';
import { atStart, messageOf } from './refusals.ts';

const LEDGER = '"options.ledger": must be a ledger';
const AUTH = '"options.auth": must be an authenticator';
const KEY = '"options.apiKey": must';

const options: readonly [what: string, mistake: () => object, message: string][] = [
  [
    'a promise',
    () => ({ ledger: later() }),
    `${LEDGER}, and is a promise: did you forget "await"?`,
  ],
  ['a function', () => ({ ledger: memoryLedger }), `${LEDGER}, and is a function: call it`],
  ['a URL', () => ({ ledger: URL_ }), `${LEDGER}, and is a text: use redisLedger(client)`],
  [
    'options',
    () => ({ ledger: { url: URL_ } }),
    `${LEDGER}, such as memoryLedger() or redisLedger`,
  ],
  [
    'a function',
    () => ({ auth: userTokens }),
    `${AUTH}, and is a function: call it, as in userTok`,
  ],
  ['a promise', () => ({ auth: later() }), `${AUTH}, and is a promise: did you forget "await"?`],
  ['a list', () => ({ auth: [userTokens()] }), `${AUTH}, and is a list: use anyOf(first, second)`],
  ['a text', () => ({ auth: 'tokens' }), `${AUTH}, such as userTokens()`],
  [
    'undefined',
    () => ({ apiKey: undefined }),
    `${KEY} be a non-empty string or a function that ret`,
  ],
  [
    'empty',
    () => ({ apiKey: '' }),
    `${KEY} be a non-empty string or a function that returns one; is`,
  ],
  ['a header', () => ({ apiKey: 'Bearer sk-x' }), `${KEY} be the key alone, without "Bearer "`],
  ['a line', () => ({ apiKey: 'sk-x\n' }), `${KEY} have no space or line break around it`],
  [
    'spaced',
    () => ({ apiKey: 'sk x' }),
    `${KEY} have no spaces, line breaks or special characters`,
  ],
  ['a promise', () => ({ apiKey: later() }), `${KEY} be a string or a function, and is a promise`],
  ['no URL', () => ({ baseURL: 'api.openai.com' }), '"options.baseURL": must be a URL'],
  [
    'no spec',
    () => ({ apiKey: undefined, upstreams: { a: {} } }),
    '"options.upstreams.a": must be m',
  ],
  ['none', () => ({ upstreams: {} }), '"options.upstreams": must have at least one upstream'],
  ['no name', () => ({ planOf: 'free' }), '"options.planOf": must be a function'],
  ['no auth', () => ({ exchange: {} }), '"options.exchange.auth": must be an authenticator'],
];

const PASSWORD = 'hunter2';
const URL_ = `redis://ada:${PASSWORD}@db:6379`;
const later = () => Promise.resolve(memoryLedger());
const CLIENT =
  '"client" must be a client of "ioredis" (5, 6) or "redis" (5, 6), such as new Redis(';
const POOL = '"pool" must be a Pool of "pg" or a client of "postgres", such as new Pool({';

const calls: readonly [what: string, make: () => unknown, message: string][] = [
  ['redisLedger(url)', () => redisLedger(URL_ as never), CLIENT],
  ['redisLedger(undefined)', () => redisLedger(undefined as never), CLIENT],
  ['redisLedger(options)', () => redisLedger({ url: URL_ } as never), CLIENT],
  [
    'redisLedger(not connected)',
    () => redisLedger(createClient()),
    '"client" is not connected: "aw',
  ],
  ['postgresLedger(url)', () => postgresLedger(URL_ as never), POOL],
  ['postgresLedger(undefined)', () => postgresLedger(undefined as never), POOL],
  ['postgresLedger(options)', () => postgresLedger({ connectionString: URL_ } as never), POOL],
  [
    'postgresLedger(pg.Client)',
    () => postgresLedger(new Client() as never),
    '"pool" must be a Pool of',
  ],
  [
    'sqliteLedger(file)',
    () => sqliteLedger('x' as never),
    '"sqliteLedger" must get an object with',
  ],
  [
    'sqliteLedger()',
    () => sqliteLedger(undefined as never),
    '"sqliteLedger" must get an object with',
  ],
  [
    'sqliteLedger({ path })',
    () => sqliteLedger({ path: 'x' } as never),
    '"sqliteLedger.file": must be',
  ],
  ['anyOf()', () => anyOf(), '"anyOf" needs at least one authenticator'],
  [
    'anyOf(list)',
    () => anyOf([userTokens()] as never),
    '"anyOf[0]": must be an authenticator, and is',
  ],
  [
    'anyOf(function)',
    () => anyOf(userTokens as never),
    '"anyOf[0]": must be an authenticator, and is',
  ],
  ['authenticate(text)', () => authenticate('x' as never), '"authenticate": must be a function'],
  [
    'bearer(short)',
    () => bearer({ short: 'ada' }),
    '"bearer": a key must have at least 16 characters',
  ],
  [
    'openAI(header)',
    () => openAI({ apiKey: 'Bearer sk-x' }),
    '"openAI.apiKey": must be the key alone',
  ],
];

describe('A mistake in a part of a guard', () => {
  it.each(options)('As an option, %s is refused at the start: %o', (_, mistake, message) => {
    const refusal = atStart(mistake());
    expect(refusal.slice(0, message.length)).toBe(message);
    expect(refusal).not.toContain(PASSWORD);
  });

  it.each(calls)('%s is refused at once, and no URL is shown', (_, make, message) => {
    const refusal = messageOf(make);
    expect(refusal.slice(0, message.length)).toBe(message);
    expect(refusal).not.toContain(PASSWORD);
  });
});
