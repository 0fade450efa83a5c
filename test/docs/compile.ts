import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { ROOT } from './markdown.ts';
import { BESIDE, withSurroundings } from './run-blocks.ts';

/** An empty folder in which programs find the files that a reader has. */
export function programFolder(name: string): string {
  const folder = `${ROOT}test/docs/.tmp/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of BESIDE) copyFileSync(`${ROOT}test/docs/${file}`, `${folder}/${file}`);
  return folder;
}

/** Writes a program as a module. Returns its file. */
export function writeProgram(folder: string, name: string, code: string): string {
  const file = `${folder}/${name}.ts`;
  writeFileSync(file, withSurroundings(code));
  return file;
}

/** Errors as a developer sees them who has set `strict`, in words. */
export function errorsIn(files: readonly string[]): string[] {
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
