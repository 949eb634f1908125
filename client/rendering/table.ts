import { stripVTControlCharacters } from 'node:util';
import type { Page } from './style.ts';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Takes what room is left and is cut when there is none. One a table. */
  gives?: boolean;
}

const widthOf = (text: string) => [...stripVTControlCharacters(text)].length;

/** Cuts to a width with an ellipsis. Text with colours is left whole: cutting inside a code would colour the rest. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width || text !== stripVTControlCharacters(text)) return text;
  return width <= 1 ? '…'.slice(0, width) : `${[...text].slice(0, width - 1).join('')}…`;
}

/** Cuts a line to a width even where it has colours: codes take no room, and a cut line ends with all of them off. */
export function fit(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  let room = width - 1;
  let kept = '';
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) kept += part;
    else {
      const letters = [...part].slice(0, Math.max(0, room));
      room -= letters.length;
      kept += letters.join('');
    }
  }
  return `${kept}…${line.includes('\u001b') ? '\u001b[0m' : ''}`;
}

const pad = (text: string, width: number, align: 'left' | 'right') => {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
};

/**
 * Lines of a table: two blanks between columns, no rules, no trailing blanks, so that it can be read by people and by awk.
 * A column that is empty in every row is left out.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], page: Page): string[] {
  const shown = columns.flatMap((_column, index) => (rows.some((row) => (row[index] ?? '') !== '') ? [index] : []));
  const widths = new Map(
    shown.map((index) => [
      index,
      Math.max(widthOf(columns[index]!.title), ...rows.map((row) => widthOf(row[index] ?? ''))),
    ]),
  );
  const giving = shown.find((index) => columns[index]!.gives);
  if (giving !== undefined && Number.isFinite(page.width)) {
    const total = [...widths.values()].reduce((sum, width) => sum + width, 0) + 2 * (shown.length - 1);
    widths.set(giving, Math.max(12, widths.get(giving)! - Math.max(0, total - page.width)));
  }
  const line = (cells: readonly string[]) =>
    shown
      .map((index) =>
        pad(cut(cells[index] ?? '', widths.get(index)!), widths.get(index)!, columns[index]!.align ?? 'left'),
      )
      .join('  ')
      .trimEnd();
  const titles = columns.map((column) => column.title);
  const heading = titles.some((title) => title !== '') ? [page.style.dim(line(titles))] : [];
  return [...heading, ...rows.map(line)];
}

/** Text of several lines with all but the first moved in, so that it stays in its place on the page. */
export const hang = (text: string, columns: number): string =>
  text.trimEnd().replaceAll('\n', `\n${' '.repeat(columns)}`);
