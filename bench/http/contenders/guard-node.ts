import { toNodeHandler } from '../../../src/http/node.ts';
import { benchCallers, benchGuard } from './bench-guard.ts';
import { contend, listen } from './contender.ts';

await contend(async ({ upstreamURL, inFlight }) => {
  const guard = benchGuard({
    baseURL: `${upstreamURL}/v1`,
    ...(inFlight && { bounds: { inFlight } }),
  });
  const port = await listen(toNodeHandler(guard, { prefix: '/v1' }));
  return { port, callers: await benchCallers(guard) };
});
