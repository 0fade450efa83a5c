import express from 'express';
import { guardExpress } from '../../../src/http/express.ts';
import { benchCallers, benchGuard } from './bench-guard.ts';
import { contend, listen } from './contender.ts';

await contend(async ({ upstreamURL }) => {
  const guard = benchGuard({ baseURL: `${upstreamURL}/v1` });
  const port = await listen(express().use('/v1', guardExpress(guard)));
  return { port, callers: await benchCallers(guard) };
});
