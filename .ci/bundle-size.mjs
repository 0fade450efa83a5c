import { build } from 'esbuild';

/** Minified, in bytes. 1,000 kB is what an app's bundle may grow by. */
export const BYTES_MAX = 1_000_000;

/**
 * Returns how large an entry is in an app's bundle, by the package that the bytes come from. Peer dependencies
 * are left out, because the app has them anyway.
 */
export async function bundleSize(entry, external) {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
    outfile: 'bundle.js',
    external,
  });
  const sizes = new Map();
  for (const [file, { bytesInOutput }] of Object.entries(metafile.outputs['bundle.js'].inputs)) {
    const from = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'guarded-completion';
    sizes.set(from, (sizes.get(from) ?? 0) + bytesInOutput);
  }
  return { total: metafile.outputs['bundle.js'].bytes, sizes };
}

/** Throws if an entry is larger than it may be. */
export function requireSmall({ total, sizes }, bytesMax = BYTES_MAX) {
  if (total <= bytesMax) return;
  throw new Error(
    `The main entry has ${total} bytes minified, more than ${bytesMax}:\n${table(sizes)}`,
  );
}

/** One line for each package, the largest first. */
export function table(sizes) {
  return [...sizes]
    .sort(([, one], [, other]) => other - one)
    .map(([name, bytes]) => `${String(bytes).padStart(9)}  ${name}`)
    .join('\n');
}
