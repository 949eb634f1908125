/** A table for a terminal or a text file: columns as wide as their widest cell, two blanks between. */
export function textTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [headers, ...rows].map((row) => `${line(row)}\n`).join('');
}

/** A Markdown table; what would break a cell is made harmless. */
export function markdownTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, headers.map(() => '---'), ...rows].map(markdownRow).join('');
}

export const markdownRow = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |\n`;

/** Text from an error message or a person as it stands in a table cell: one line, no markup that hides something. */
export function markdownCell(text: string): string {
  const oneLine = text.replace(/\s*\n\s*/g, ' ').trim();
  return oneLine === ''
    ? '—'
    : oneLine
        .replace(/\\/g, '\\\\')
        .replace(/\|/g, '\\|')
        .replace(/<(?=[a-z/!?])/gi, '&lt;');
}
