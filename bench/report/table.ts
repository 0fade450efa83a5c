import type { Spread } from '../measure/statistics.ts';

/** Prints rows under a heading. The first column is text, the others are figures. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  console.log(line(heading));
  console.log(widths.map((width) => '─'.repeat(width)).join('  '));
  for (const row of rows) console.log(line(row));
}

/** Returns the same as a Markdown table. */
export function markdownTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const rule = heading.map((_, column) => (column === 0 ? '---' : '---:'));
  return [heading, rule, ...rows].map(line).join('\n');
}

/** Returns a figure with at most two decimals, fewer for large ones, or a dash if there is none. */
export function figure(value: number | undefined, unit = ''): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return (
    value.toLocaleString('en', {
      maximumFractionDigits: decimals,
      minimumFractionDigits: decimals,
    }) + unit
  );
}

/** Returns a median with its quartiles. */
export function spread({ median, low, high }: Spread, unit = ''): string {
  if (Number.isNaN(median)) return '–';
  return `${figure(median, unit)} (${figure(low)}–${figure(high)})`;
}
