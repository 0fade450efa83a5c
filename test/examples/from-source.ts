import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { entries, entryFile } from '../../.ci/entries.ts';

/** For `node --import`: the package's name means its source, so that no build has to come first. */
const SOURCES = new Map(
  entries.map((entry) => [entry.specifier, pathToFileURL(entryFile(entry)).href]),
);

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(SOURCES.get(specifier) ?? withEnding(specifier, context.parentURL), context),
});

/** Files of a Next app are imported without their ending. */
function withEnding(specifier: string, importer = ''): string {
  const isBare = importer.includes('/examples/next') && /^\..*\/[\w-]+$/.test(specifier);
  return isBare ? `${specifier}.ts` : specifier;
}
