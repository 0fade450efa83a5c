import ts from 'typescript';
import { ROOT } from '../docs/markdown.ts';

/** Where the published declarations seem to be: below the root, so that their imports are found. */
const BUILT = `${ROOT}test/editor/.declarations`;
const APP = `${BUILT}/app.ts`;

/** What an editor shows for a name. */
export interface Hover {
  readonly documentation: string;
  /** The text of the tag `@default`. */
  readonly defaultText: string | undefined;
}

/** Objects of one type, as an app writes them. */
interface Sample {
  readonly type: string;
  readonly fields: readonly string[];
}

/** An editor in which an app uses the declarations that the package publishes, not its source. */
export class Editor {
  readonly #files: Map<string, string>;
  readonly #sources: readonly string[];

  /** `sources` are the entries, from the root. */
  constructor(sources: readonly string[]) {
    this.#sources = sources;
    this.#files = declarations(sources);
  }

  /** The exported types whose declaration matches, by entry, each with the fields it can have. */
  typesWith(pattern: RegExp): Map<string, Sample[]> {
    const program = this.#open('').getProgram();
    const checker = program?.getTypeChecker();
    if (program === undefined || checker === undefined) throw new Error('There is no program.');
    const samplesOf = (source: string): Sample[] => {
      const file = program.getSourceFile(builtFrom(source));
      const module = file && checker.getSymbolAtLocation(file);
      return (module ? checker.getExportsOfModule(module) : []).flatMap((exported) => {
        const symbol = originOf(checker, exported);
        const isMeant = symbol.declarations?.some((node) => pattern.test(node.getText()));
        if (isMeant !== true) return [];
        const fields = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
        return [{ type: exported.name, fields: fields.map(({ name }) => name) }];
      });
    };
    return new Map(this.#sources.map((source) => [source, samplesOf(source)]));
  }

  /** What is shown for each name that has `$` before it, in order. */
  hoversIn(code: string): Hover[] {
    const service = this.#open(code.replaceAll('$', ''));
    const marks = [...code.matchAll(/\$/g)];
    return marks.map(({ index }, before) => hoverAt(service, index - before));
  }

  #open(code: string): ts.LanguageService {
    const files = new Map(this.#files).set(APP, code);
    return ts.createLanguageService(hostOf(files, this.#sources.map(builtFrom)));
  }
}

const builtFrom = (source: string): string =>
  source.replace(/^src/, BUILT).replace(/\.ts$/, '.d.ts');

/** How an app imports an entry. */
export const specifierOf = (source: string): string =>
  source.replace(/^src/, '.').replace(/\.ts$/, '.js');

const originOf = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

function compilerOptions(): ts.CompilerOptions {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${ROOT}tsconfig.json`,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  return { ...config?.options, skipLibCheck: true };
}

/** The declarations of all that the entries reach, by the path they seem to lie at. */
function declarations(sources: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  const program = ts.createProgram(
    sources.map((source) => ROOT + source),
    {
      ...compilerOptions(),
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: `${ROOT}src`,
      outDir: BUILT,
    },
  );
  program.emit(undefined, (file, text) => files.set(file, text), undefined, true);
  return files;
}

function hostOf(
  files: ReadonlyMap<string, string>,
  built: readonly string[],
): ts.LanguageServiceHost {
  const read = (file: string) => files.get(file) ?? ts.sys.readFile(file);
  const folders = new Set([...files.keys()].map((file) => file.slice(0, file.lastIndexOf('/'))));
  return {
    getCompilationSettings: compilerOptions,
    getScriptFileNames: () => [APP, ...built],
    getScriptVersion: () => '1',
    getScriptSnapshot(file) {
      const text = read(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => files.has(file) || ts.sys.fileExists(file),
    readFile: read,
    directoryExists: (folder) => folders.has(folder) || ts.sys.directoryExists(folder),
    getDirectories: ts.sys.getDirectories,
  };
}

function hoverAt(service: ts.LanguageService, position: number): Hover {
  const info = service.getQuickInfoAtPosition(APP, position);
  const tag = info?.tags?.find(({ name }) => name === 'default');
  return {
    documentation: ts.displayPartsToString(info?.documentation),
    defaultText: tag && ts.displayPartsToString(tag.text),
  };
}
