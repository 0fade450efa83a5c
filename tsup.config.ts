import { defineConfig } from 'tsup';
import { packedPrices } from './.ci/build/packed-prices.ts';
import { entries } from './.ci/entries.ts';

export default defineConfig({
  entry: {
    ...Object.fromEntries(entries.map(({ bundle, source }) => [bundle, source])),
    // No entry of the package: the guard starts it as a thread.
    'counting-worker': 'src/openai/counting/counting-worker.ts',
  },
  format: 'esm',
  target: 'node22.19',
  esbuildPlugins: [packedPrices],
  platform: 'node',
  splitting: true,
  clean: true,
  // The sources are in the package.
  sourcemap: true,
  esbuildOptions(options) {
    options.sourcesContent = false;
  },
  // node:sqlite is found only with its `node:`.
  removeNodeProtocol: false,
  dts: {
    // From the declarations that tsc wrote before. Only text is joined here, so no other types are read.
    entry: Object.fromEntries(
      entries.map(({ bundle, source }) => [
        bundle,
        source.replace(/^src\//, '.cache/types/').replace(/\.ts$/, '.d.ts'),
      ]),
    ),
    compilerOptions: { ignoreDeprecations: '6.0', noLib: true, noResolve: true, types: [] },
  },
});
