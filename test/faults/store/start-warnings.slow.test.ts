import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { signOfSeveral } from '../../../src/guard/start-warnings.ts';

const CHILD = fileURLToPath(new URL('start-warnings-child.ts', import.meta.url));
const run = promisify(execFile);

async function warnings(...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [CHILD, ...args], { env: {} });
  return stdout.split('\n').filter((line) => line.startsWith('GUARD_'));
}

describe('Start warnings', () => {
  it('A memory ledger causes one warning in each of several processes', async () => {
    const [warning, ...others] = await warnings('memory', 'worker');
    expect(warning).toMatch(/^GUARD_MEMORY_LEDGER: .*node:cluster.*give out each limit again/);
    expect(others).toEqual([]);
  });

  it('A shared ledger causes no warning', async () => {
    expect(await warnings('shared', 'worker')).toEqual([]);
  });

  it('A limit that holds few calls causes one warning, however many guards are made', async () => {
    const [warning, ...others] = await warnings('shared', 'alone', 'small');
    expect(warning).toMatch(
      /^GUARD_SMALL_LIMIT: Plan "free": its limit "tokens-day" allows 5000 tokens, .* holds up to 24384 tokens/,
    );
    expect(others).toEqual([]);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ NODE_APP_INSTANCE: '0', WEB_CONCURRENCY: '1' }, undefined],
    [{ SITE_ID: 'an app of ours' }, undefined],
    [{ NODE_APP_INSTANCE: '1' }, 'PM2 with several instances'],
    [{ WEB_CONCURRENCY: '4' }, 'WEB_CONCURRENCY'],
    [{ AWS_LAMBDA_FUNCTION_NAME: 'chat' }, 'AWS Lambda'],
    [{ VERCEL: '1', AWS_LAMBDA_FUNCTION_NAME: 'chat' }, 'Vercel'],
    [{ NETLIFY: 'true' }, 'Netlify'],
    [{ SITE_ID: '1d01', SITE_NAME: 'my-app', AWS_LAMBDA_FUNCTION_NAME: 'chat' }, 'Netlify'],
    [{ FUNCTIONS_WORKER_RUNTIME: 'node' }, 'Azure Functions'],
    [{ FUNCTION_TARGET: 'chat', K_SERVICE: 'chat' }, 'Google Cloud Functions'],
    [{ K_SERVICE: 'chat' }, 'Cloud Run'],
  ])('The sign of several processes in %o is %s', (environment, sign) => {
    expect(signOfSeveral(environment)?.sign).toBe(sign);
  });

  it('A file is proposed as a ledger only where processes run on one machine', () => {
    const ledgersIn = (environment: Record<string, string>) => signOfSeveral(environment)?.ledgers;
    expect(ledgersIn({ WEB_CONCURRENCY: '4' })).toContain('/sqlite');
    for (const name of ['VERCEL', 'NETLIFY', 'FUNCTION_TARGET', 'FUNCTIONS_WORKER_RUNTIME']) {
      expect(ledgersIn({ [name]: 'chat' })).toBe('guarded-completion/redis or /postgres');
    }
  });
});
