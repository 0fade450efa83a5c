/**
 * The part of `npm run build` for CommonJS. Entries share chunks, as in the ESM build, so that they have one
 * state. Packages without CommonJS of their own are bundled in. It runs after tsup and copies tsup's types.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { build, type OutputFile, transform } from 'esbuild';
import { entries } from '../entries.ts';
import { packedPrices } from './packed-prices.ts';

const DIST = new URL('../../dist/', import.meta.url);
const TARGET = 'node22.19';
/** Packages that cannot be required everywhere: Jest cannot require ESM. */
const ESM_ONLY = ['jose', 'p-limit', 'yocto-queue', 'temporal-polyfill', 'temporal-utils'];

const { outputFiles } = await build({
  entryPoints: Object.fromEntries(entries.map(({ bundle, source }) => [bundle, source])),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: TARGET,
  sourcemap: 'inline',
  sourcesContent: false,
  write: false,
  define: { 'import.meta.url': 'fileUrl' },
  inject: ['.ci/build/file-url.js'],
  plugins: [
    packedPrices,
    {
      name: 'packages that stay outside',
      setup({ onResolve }) {
        onResolve({ filter: /^[^./]/ }, ({ path }) =>
          isBuiltIn(path) ? null : { path, external: true },
        );
      },
    },
  ],
});
await Promise.all([...outputFiles.map(writeCommonJS), writeTypes(), writeLicenses()]);

/** Whether a package is part of the build; `null` of `onResolve` means that esbuild finds it itself. */
function isBuiltIn(path: string): boolean {
  return ESM_ONLY.some((name) => path === name || path.startsWith(`${name}/`));
}

/** esbuild splits only ESM, so each finished file becomes CommonJS by itself. */
async function writeCommonJS({ path, text }: OutputFile): Promise<void> {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const { code, map } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: file,
  });
  await writeFile(new URL(file, DIST), `${code}//# sourceMappingURL=${file}.map\n`);
  await writeFile(new URL(`${file}.map`, DIST), map);
}

/** The types are the same; only the endings of imported files differ. */
async function writeTypes(): Promise<void> {
  const files = (await readdir(DIST)).filter((file) => file.endsWith('.d.ts'));
  for (const file of files) {
    // It is the default from TypeScript 5.7 on, and 5.6 does not have it.
    const types = (await readFile(new URL(file, DIST), 'utf8')).replaceAll('<ArrayBufferLike>', '');
    await writeFile(new URL(file, DIST), types);
    const renamed = types.replace(/\b(from |import |import\()'(\.[^']*)\.js'/g, "$1'$2.cjs'");
    await writeFile(new URL(file.replace(/\.d\.ts$/, '.d.cts'), DIST), renamed);
  }
}

/** A package that contains another one has to pass on its licence. */
async function writeLicenses(): Promise<void> {
  const texts = await Promise.all(
    ESM_ONLY.map(async (name) => `${name}\n\n${await licenseOf(name)}`),
  );
  await writeFile(new URL('third-party-licenses.txt', DIST), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

async function licenseOf(name: string): Promise<string> {
  const folder = new URL(`../../node_modules/${name}/`, import.meta.url);
  const file = (await readdir(folder)).find((each) => /^licen[sc]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence.`);
  return readFile(new URL(file, folder), 'utf8');
}
