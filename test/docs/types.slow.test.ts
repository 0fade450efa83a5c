import { expect, it } from 'vitest';
import { errorsIn, programFolder, writeProgram } from './compile.ts';
import { codeOf, pages, programsOf } from './markdown.ts';

it('Every block of the documentation compiles for Node as it stands', { timeout: 240_000 }, () => {
  const folder = programFolder('types');
  const programs = pages.flatMap(programsOf);
  const files = programs.map((code, index) => writeProgram(folder, `program-${index}`, code));
  expect(files.length).toBeGreaterThan(8);
  expect(errorsIn(files)).toEqual([]);
  const wrong = [
    "import { guard } from './guard.ts';\nguard.users.block('ada');",
    "alert('A browser has this.');\nexport {};",
    "const account = findAccount('ada');\nexport { account };",
  ].map((code, index) => writeProgram(folder, `wrong-${index}`, code));
  expect(errorsIn(wrong)).toEqual([
    expect.stringContaining('Expected 2 arguments'),
    expect.stringContaining("Cannot find name 'alert'"),
    expect.stringContaining("Cannot find name 'findAccount'"),
  ]);
});

it.each(pages)('%s says which imported files are the reader’s own', (page) => {
  const imports = codeOf(page).flatMap((code) => code.match(/^import .* from '\.\/.*$/gm) ?? []);
  const unsaid = imports.filter((line) => !/'\.\/guard(?:\.ts)?';$|; \/\/ .*\byours\b/.test(line));
  expect(unsaid).toEqual([]);
});
