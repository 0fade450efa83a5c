import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorsIn, programFolder, writeProgram } from './compile.ts';
import { pages, programsOf } from './markdown.ts';

it('Every snippet of the documentation compiles', { timeout: 240_000 }, () => {
  const folder = programFolder('types');
  const programs = pages.flatMap(programsOf);
  const files = programs.map((code, index) => writeProgram(folder, `program-${index}`, code));
  expect(files.length).toBeGreaterThan(8);
  expect(errorsIn(files)).toEqual([]);
  const wrong = `${folder}/wrong.ts`;
  writeFileSync(wrong, `import { guard } from './guard.ts';\nguard.users.block('ada');\n`);
  expect(errorsIn([wrong])).toHaveLength(1);
});
