import { contendOnNode } from './bench-guard.ts';

await contendOnNode();
