import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { pages, programsOf, ROOT } from './markdown.ts';
import { BESIDE, withSurroundings } from './run-blocks.ts';

const FOLDER = `${ROOT}test/docs/.tmp/types`;

/** One file for each program. */
function writePrograms(): string[] {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const file of BESIDE) {
    copyFileSync(`${ROOT}test/docs/${file}`, `${FOLDER}/${file}`);
  }
  return pages.flatMap(programsOf).map((code, index) => {
    const file = `${FOLDER}/program-${index}.ts`;
    writeFileSync(file, withSurroundings(code));
    return file;
  });
}

/** The errors, as text, that a developer with `strict` sees. */
function errorsIn(files: readonly string[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${ROOT}tsconfig.test.json`,
    { noPropertyAccessFromIndexSignature: false, noUnusedLocals: false, noUnusedParameters: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  const program = ts.createProgram([...files], config?.options ?? {});
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    return `${file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

it('Every snippet of the documentation compiles', { timeout: 240_000 }, () => {
  const files = writePrograms();
  expect(files.length).toBeGreaterThan(8);
  expect(errorsIn(files)).toEqual([]);
  const wrong = `${FOLDER}/wrong.ts`;
  writeFileSync(wrong, `import { guard } from './guard.ts';\nguard.users.block('ada');\n`);
  expect(errorsIn([wrong])).toHaveLength(1);
});
