const failures: string[] = [];
let steps = 0;

export function step(title: string): void {
  steps += 1;
  console.log(`\n${steps}. ${title}`);
}

export function tell(text: string): void {
  console.log(`   ${text}`);
}

/** Prints whether a claim is true, and records it if not. */
export function check(claim: string, held: boolean): void {
  console.log(`   ${held ? '✓' : '✗'} ${claim}`);
  if (!held) failures.push(claim);
}

/** Prints the result. Returns the process's exit code. */
export function conclude(): number {
  if (failures.length === 0) {
    console.log('\nAll checks passed.');
    return 0;
  }
  console.log(`\n${failures.length} checks failed:\n${failures.map((f) => `  ✗ ${f}`).join('\n')}`);
  return 1;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join('  ');
  tell(line(head));
  tell(widths.map((width) => '─'.repeat(width)).join('──'));
  for (const row of rows) tell(line(row));
}

const pad = (cell: string, width: number, left: boolean) =>
  left ? cell.padEnd(width) : cell.padStart(width);

export const usd = (nanoUsd: number) => `$${(nanoUsd / 1e9).toFixed(9)}`;
