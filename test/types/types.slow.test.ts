import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const names = readdirSync(FOLDER).filter((name) => !/(?:\.test|^assert)\.ts$/.test(name));
const DIRECTIVE = '@ts-expect-error';

/**
 * Codes of the compiler for types that do not fit. A misspelt name or a missing file is not among
 * them.
 */
const MISFITS: ReadonlySet<number> = new Set([
  2322, // not assignable
  2339, // no such property
  2345, // argument not assignable
  2353, // unknown property in a literal
  2375, // not assignable: `undefined` is not "left out"
  2379, // the same, of an argument
  2740, // the same, where members are missing
  2561, // the same, where the compiler has a guess what was meant
  2540, // read-only
  2554, // too few or too many arguments
  2739, // properties missing
  2741, // property missing
  2769, // no overload fits
  2820, // not assignable, where the compiler has a guess what was meant
]);

/** The program without the directives, so that every error that they hide is reported. */
function compileBare(): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${ROOT}tsconfig.test.json`,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  const host = ts.createCompilerHost(config?.options ?? {}, true);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => {
    const text = readFile(path);
    return path.startsWith(FOLDER) ? text?.replaceAll(DIRECTIVE, 'refused:') : text;
  };
  const files = names.map((name) => FOLDER + name);
  return ts.createProgram(files, config?.options ?? {}, host);
}

const describeError = ({ code, messageText }: ts.Diagnostic): string =>
  `TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;

describe('The public types', () => {
  let program: ts.Program;
  beforeAll(() => {
    program = compileBare();
  });

  it('The types are checked with the settings of the repository', () => {
    expect(program.getCompilerOptions()).toMatchObject({
      strict: true,
      exactOptionalPropertyTypes: true,
    });
    expect(names).toEqual([
      'adapters.ts',
      'alerts.ts',
      'misorder.ts',
      'names.ts',
      'options.ts',
      'public-api.ts',
      'upstreams.ts',
    ]);
  });

  it.each(names)(
    'In %s, every marked line is rejected for its type and everything else compiles',
    (name) => {
      const file = program.getSourceFile(FOLDER + name);
      const bare = [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ];
      const errors = new Map(
        bare.map((error) => [lineOf(file, error.start), describeError(error)] as const),
      );
      const marked = ts.sys.readFile(FOLDER + name)?.split('\n') ?? [];
      const lines = marked.flatMap((line, index) => (line.includes(DIRECTIVE) ? [index + 1] : []));
      expect(lines.length).toBeGreaterThan(0);
      const unmarked = [...errors].filter(([line]) => !lines.includes(line));
      expect(unmarked, `${basename(name)}: errors`).toEqual([]);
      expect(
        lines.filter((line) => !errors.has(line)),
        'marked, but they compile',
      ).toEqual([]);
      const others = bare.filter(({ code }) => !MISFITS.has(code));
      expect(others.map(describeError), 'refused for another reason').toEqual([]);
    },
  );
});

/** Counted from 0, so that it equals the number, counted from 1, of the line before. */
function lineOf(file: ts.SourceFile | undefined, position = 0): number {
  return file?.getLineAndCharacterOfPosition(position).line ?? -1;
}
