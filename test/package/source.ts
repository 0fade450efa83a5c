import { fileURLToPath } from 'node:url';
import { readTree, type SourceFile } from '../../bench/structure/source-files.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript file of `src`, parsed; paths are below `src`. */
export const sourceFiles = (): readonly SourceFile[] => readTree(`${ROOT}src`);
