import { contendOnNode } from './bench-guard.ts';
import { WARNED_LIMITS } from './four-limits.ts';

await contendOnNode(WARNED_LIMITS);
