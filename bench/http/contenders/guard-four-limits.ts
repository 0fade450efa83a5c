import { contendOnNode } from './bench-guard.ts';
import { FOUR_LIMITS } from './four-limits.ts';

await contendOnNode(FOUR_LIMITS);
