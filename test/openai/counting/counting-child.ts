import { systemClock } from '../../../src/base/clock.ts';
import { TokenCounter } from '../../../src/openai/counting/token-counter.ts';

/** Counts once and does not close the counter. The process must end by itself. */
const job = { json: '{"a":1}', encodings: ['o200k_base'] } as const;
const tokens = await new TokenCounter(systemClock, console.error).count(job);
process.stdout.write(`${tokens}`);
