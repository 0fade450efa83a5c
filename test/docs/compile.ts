import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { ROOT } from './markdown.ts';
import { readerFiles } from './reader-files.ts';

/** An empty folder in which programs find the files that a reader has. */
export function programFolder(name: string): string {
  const folder = `${ROOT}test/docs/.tmp/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name: file, code } of readerFiles()) writeFileSync(`${folder}/${file}`, code);
  return folder;
}

/** Writes a program as a module. Returns its file. */
export function writeProgram(folder: string, name: string, code: string): string {
  const file = `${folder}/${name}.ts`;
  writeFileSync(file, code);
  return file;
}

/**
 * Errors as a developer sees them who has set `strict` and builds for Node, in words. Without the
 * names of a browser, such as `alert`, a name that Node does not have is an error.
 */
export function errorsIn(files: readonly string[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${ROOT}tsconfig.test.json`,
    {
      noPropertyAccessFromIndexSignature: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  const program = ts.createProgram([...files], config?.options ?? {});
  return files
    .flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    .map(({ file, start, messageText }) => {
      const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
      return `${file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}
