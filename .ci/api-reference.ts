/**
 * `npm run docs`: writes the API reference of all entries to `.cache/api`. It fails if a public name has no
 * docstring, or if a docstring links to something that does not exist.
 */
import { Application, ConsoleLogger, type ProjectReflection } from 'typedoc';
import { entries, entryFile } from './entries.ts';

const OUT = '.cache/api';

/** Members of a type that is written inline are documented by the name that holds it. */
class Findings extends ConsoleLogger {
  override validationWarning(text: string): void {
    if (!/^\S*\.__type\./.test(text)) super.validationWarning(text);
  }
}

const app = await Application.bootstrap({
  name: 'guarded-completion',
  entryPoints: entries.map(entryFile),
  tsconfig: 'tsconfig.json',
  readme: 'none',
  // Types are checked by `npm run typecheck`.
  skipErrorChecking: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  validation: { invalidLink: true, notDocumented: true, notExported: false },
  requiredToBeDocumented: [
    'Function',
    'Class',
    'Interface',
    'TypeAlias',
    'Variable',
    'Enum',
    'Method',
    'Property',
    'Accessor',
  ],
});
app.logger = new Findings();

const project = await app.convert();
if (project === undefined) process.exit(1);
nameModules(project);
app.validate(project);
await app.generateDocs(project, OUT);
const faults = app.logger.errorCount + app.logger.warningCount;
console.log(`${project.children?.length} entries in ${OUT}, ${faults} faults`);
if (faults > 0) process.exitCode = 1;

/** Modules are called as apps import them, and not by where their source lies. */
function nameModules({ children = [] }: ProjectReflection): void {
  for (const module of children) {
    const sources = [`src/${module.name}.ts`, `src/${module.name}/index.ts`];
    const entry = entries.find(({ source }) => sources.includes(source));
    if (entry !== undefined) module.name = entry.specifier;
  }
}
