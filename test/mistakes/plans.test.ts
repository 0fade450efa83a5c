import { describe, expect, it } from 'vitest';
import { atStart, inLimit, inPlan } from './refusals.ts';

const PLAN = '"options.plans.free';
const PATTERN = 'must be the exact name of a model, or its beginning with one "*" at the end';
const PERIODS = 'a calendar period ("minute", "hour", "day", "week", "month"';

const plans: readonly [mistake: unknown, message: string][] = [
  [{}, '"options.plans": must have at least one plan'],
  [
    [{ models: ['*'] }],
    '"options.plans": must be an object of plans by their names, such as { free',
  ],
  [undefined, '"options.plans": must be an object of plans by their names, such as { free'],
  [{ free: 'x' }, `${PLAN}": must be an object`],
];

const fields: readonly [mistake: object, message: string][] = [
  [{ models: 'gpt-5-mini' }, `${PLAN}.models": must be a list of models, such as ["gpt-5-mini"]`],
  [{ models: [] }, `${PLAN}.models": must name at least one model, or "*"`],
  [{ models: ['gpt-*-mini'] }, `${PLAN}.models.0": ${PATTERN}`],
  [{ models: ['gpt-5', 'gpt-5**'] }, `${PLAN}.models.1": ${PATTERN}`],
  [{ models: [' gpt-5'] }, `${PLAN}.models.0": ${PATTERN}`],
  [{ model: 'x' }, `${PLAN}": has an unknown field "model"; did you mean "models"?`],
  [
    { allow: { image: {} } },
    `${PLAN}.allow": has an unknown field "image"; did you mean "images"?`,
  ],
  [{ endpoints: ['chat/completions'] }, `${PLAN}.endpoints.0": must be "chat.completions" or`],
  [{ maxOutputTokens: 0 }, `${PLAN}.maxOutputTokens": must be at least 1`],
  [{ maxOutputTokens: '5' }, `${PLAN}.maxOutputTokens": must be a number`],
  [{ maxChoices: 500 }, `${PLAN}.maxChoices": must be at most 128`],
  [{ weight: 0 }, `${PLAN}.weight": must be above 0`],
  [{ limits: { requests: 1, per: 'day' } }, `${PLAN}.limits": must be a list of limits`],
  [
    {
      limits: [
        { requests: 1, per: 'day' },
        { requests: 2, per: 'day' },
      ],
    },
    `${PLAN}.limits" has two limits "requests-day"; give one a "name"`,
  ],
];

const limits: readonly [mistake: unknown, message: string][] = [
  [{ requests: 1, per: '1 month' }, PERIODS],
  [{ requests: 1, per: 'monthly' }, PERIODS],
  [{ requests: 1, per: '1w' }, PERIODS],
  [{ requests: 1, per: 'mounth' }, PERIODS],
  [{ requests: 1, per: 'Day' }, PERIODS],
  [{ requests: 1, per: '24H' }, PERIODS],
  [{ requests: 1, per: '0s' }, PERIODS],
  [{ requests: 1 }, PERIODS],
  [{ requests: 1, per: 60 }, PERIODS],
  [{ requests: 1, per: '1ms' }, '.per" must be at least 100ms'],
  [{ requests: 1, per: '100000d' }, '.per" must be at most 10 years'],
  [{ requests: -1, per: 'day' }, '.requests": must be a whole number from 0'],
  [{ requests: Number.NaN, per: 'day' }, '.requests": must be a whole number from 0'],
  [{ requests: Number.POSITIVE_INFINITY, per: 'day' }, '.requests": must be a whole number from 0'],
  [{ requests: '15', per: 'day' }, '.requests": must be a whole number from 0'],
  [{ usd: '$5', per: 'day' }, '.usd": must be a number from 0 to 9007199'],
  [{ request: 15, per: 'day' }, '" must have exactly one of "requests", "tokens"'],
  [{ requests: 1, tokens: 1, per: 'day' }, '" must have exactly one of "requests", "tokens"'],
  [null, '" must have exactly one of "requests", "tokens"'],
  [15, '" must have exactly one of "requests", "tokens"'],
  [{ requests: 1, per: 'day', timeZone: 'Europe/Berln' }, '.timeZone" must be an IANA time zone'],
  [{ requests: 1, per: '24h', timeZone: 'UTC' }, '.timeZone" needs a calendar period in "per"'],
  [{ requests: 1, per: 'month', anchor: 'soon' }, '.anchor" must be a Date, an ISO date like'],
  [{ requests: 1, per: 'month', anchor: 5 }, '.anchor": must be a Date, an ISO date like'],
  [{ concurrent: 1, per: 'day' }, '": has an unknown field "per": it may have "concurrent"'],
  [{ requests: 1, per: 'day', burst: 0 }, '.burst": must be a whole number from 1'],
  [{ requests: 1, per: 'day', timezone: 'UTC' }, '"; did you mean "timeZone"?'],
  [{ requests: 1, per: 'day', name: 'a"b' }, '.name": must be 1 to 64 printable ASCII'],
  [{ requests: 1, per: 'day', onLedgerFailure: 'maybe' }, '.onLedgerFailure": must be "deny"'],
  [{ requests: 1, per: 'ever', burst: 5 }, '.burst" needs a window that ends, and "ever" never'],
  [{ requests: 1, per: 'ever', timeZone: 'UTC' }, '.timeZone" needs a calendar period in "per"'],
  [{ requests: 1, per: 'ever', anchor: '2026-01-31' }, '.anchor" needs a calendar period in "per"'],
  [{ requests: 1, per: 'ever', then: 'credits' }, '.then" needs a window that ends, and "ever"'],
  [{ requests: 1, per: 'day', burst: 2, then: 'credits' }, '.then" must not be set with "burst"'],
  [{ concurrent: 1, then: 'credits' }, '.then" needs a window, and "concurrent" has none'],
  [{ requests: 1, per: 'day', then: 'credit' }, '.then": must be "credits"'],
  [
    { requests: 1, per: 'day', enforce: false, then: 'credits' },
    '.then" must not be set with "enforce: false", which refuses nothing',
  ],
  [{ requests: 1, per: 'day', enforce: 'no' }, '.enforce": must be true or false'],
  [{ requests: 1, per: 'day', warnAt: [80] }, '.warnAt.0": must be at most 1: write 0.8 for 80'],
  [{ requests: 1, per: 'day', warnAt: [0] }, '.warnAt.0": must be a list of fractions above 0'],
  [{ requests: 1, per: 'day', warnAt: 0.8 }, '.warnAt": must be a list of fractions above 0'],
  [{ requests: 1, per: 'day', warnAt: [] }, '.warnAt": must be a list of fractions above 0'],
  [{ requests: 1, per: 'day', burst: 2, warnAt: [1] }, '.warnAt" must not be set with "burst"'],
  [{ concurrent: 1, warnAt: [0.5] }, '.warnAt" needs a window, and "concurrent" has none'],
  [{ requests: 1, per: 'day', models: 'gpt-5' }, '.models": must be a non-empty list of'],
  [{ requests: 1, per: 'day', models: [] }, '.models": must be a non-empty list of models'],
  [{ requests: 1, per: 'day', models: ['gpt*5'] }, `.models.0": ${PATTERN}`],
  [
    { requests: 1, per: 'day', models: ['gpt-5-mini', 'gpt-6'] },
    '.models.1": "gpt-6" is no model that may be called here; the models are "gpt-5-mini"',
  ],
  [{ requests: 1, per: 'day', endpoints: ['images'] }, '.endpoints.0": must be one of "chat.com'],
  [{ requests: 1, per: 'day', endpoints: 'responses' }, '.endpoints": must be a non-empty list of'],
];

/** Where users of one plan and group are not all that counts. */
const elsewhere: readonly [mistake: object, message: string][] = [
  [
    { limits: [{ usd: 1, per: 'day', then: 'credits' }] },
    '"options.limits[0].then" must not be set here: only users and groups have credits',
  ],
  [
    { anonymousLimits: [{ usd: 1, per: 'day', then: 'credits' }] },
    '"options.anonymousLimits[0].then" must not be set here: only users and groups',
  ],
  [
    { limits: [{ usd: 1, per: 'day', models: ['gpt-6'] }] },
    '"options.limits[0].models.0": "gpt-6" is no model that may be called here; the models are',
  ],
  [
    {
      exchange: { auth: { authenticate: () => undefined }, limits: [{ requests: 1, per: 'ever' }] },
    },
    '"options.exchange.limits[0].per" must be a window that ends here, such as "90d"',
  ],
  [
    {
      exchange: {
        auth: { authenticate: () => undefined },
        limits: [{ requests: 1, per: 'day', endpoints: ['responses'] }],
      },
    },
    '"options.exchange.limits[0]" must not have "models" or "endpoints": it counts exchanges',
  ],
];

describe('A mistake in the plans', () => {
  it.each(plans)('The plans %o are refused at the start with %s', (mistake, message) => {
    expect(atStart({ plans: mistake }).startsWith(message)).toBe(true);
  });

  it.each(fields)(
    'The fields %o of a plan are refused at the start with %s',
    (mistake, message) => {
      expect(inPlan(mistake).slice(0, message.length)).toBe(message);
    },
  );

  it.each(limits)('The limit %o is refused at the start: %s', (mistake, message) => {
    const refusal = inLimit(mistake);
    expect(refusal).toContain('"options.plans.free.limits[0]');
    expect(refusal).toContain(message);
  });

  it.each(elsewhere)('The options %o are refused at the start with %s', (mistake, message) => {
    expect(atStart(mistake).slice(0, message.length)).toBe(message);
  });

  it('Limits of all users, of anonymous users and of the exchange are named by their option', () => {
    const limit = { requests: 1, per: 'mounth' };
    expect(atStart({ limits: [limit] })).toContain('"options.limits[0].per" must be a duration');
    expect(atStart({ limits: limit })).toBe('"options.limits": must be a list of limits');
    expect(atStart({ anonymousLimits: [limit] })).toContain('"options.anonymousLimits[0].per"');
  });
});
