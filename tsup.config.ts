import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import { defineConfig, type Options } from 'tsup';
import { entries } from './.ci/entries.ts';

/** Compresses the price list: 150 kB become 20, in every app's bundle. */
const packedPrices: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'packed prices',
  setup(build) {
    build.onLoad({ filter: /price-list\.json$/ }, async ({ path }) => {
      const text = JSON.stringify(JSON.parse(await readFile(path, 'utf8')));
      const packed = brotliCompressSync(text).toString('base64');
      return {
        loader: 'js',
        contents: `import { brotliDecompressSync } from 'node:zlib';
export default JSON.parse(brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString());`,
      };
    });
  },
};

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
