import { defineConfig } from 'tsup';
import { entries } from './.ci/entries.ts';

export default defineConfig({
  entry: Object.fromEntries(entries.map(({ bundle, source }) => [bundle, source])),
  format: 'esm',
  target: 'node22',
  platform: 'node',
  splitting: true,
  clean: true,
  // Without its `node:` nobody finds node:sqlite.
  removeNodeProtocol: false,
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
});
