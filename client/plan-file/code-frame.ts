import type { Blackout } from './blackout.ts';
import type { SourceText } from './source-text.ts';

/** As wide as a terminal, so that a line with everything in it does not fill the screen. */
const widest = 110;

/** The line with the mistake, one before and one after, and a mark under what is meant. */
export function codeFrame(
  source: SourceText,
  start: number,
  end: number,
  blackouts: readonly Pick<Blackout, 'start' | 'end'>[],
): string {
  const { line, column } = source.position(start);
  const first = Math.max(1, line - 1);
  const last = Math.min(source.lineCount, line + 1);
  const width = String(last).length;
  // A long line is shown from a little before the mistake.
  const from = column > widest - 20 ? column - 40 : 0;
  const rows: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = printable(blackedOut(source, number, blackouts).slice(from, from + widest));
    if (number !== line && text.trim() === '' && (number === first || number === last)) continue;
    rows.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line) {
      const room = Math.max(1, Math.min(text.length, widest) - (column - 1 - from));
      const length = Math.max(1, Math.min(end - start, source.line(line).length - column + 1, room));
      rows.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1 - from)}${'^'.repeat(length)}`);
    }
  }
  return rows.join('\n');
}

function blackedOut(source: SourceText, number: number, blackouts: readonly Pick<Blackout, 'start' | 'end'>[]): string {
  const offset = source.startOf(number);
  let text = source.line(number);
  for (const { start, end } of blackouts) {
    const from = Math.max(0, start - offset);
    const to = Math.min(text.length, end - offset);
    if (from < to) text = text.slice(0, from) + '•'.repeat(to - from) + text.slice(to);
  }
  return text;
}

/** One column for one character, whatever the terminal makes of it; tabs would move the mark. */
function printable(text: string): string {
  return text
    .replace(/\t/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '·');
}
