import { readRecord, writeRecord } from './record-file.ts';

/** An entry that is written once: another of the same key is passed over, so that a retry adds nothing. */
export interface Entry {
  key: string;
  /** Whole lines. */
  text: string;
}

/** Invisible in rendered Markdown, and enough to find an entry again after people have edited around it. */
const marker = (key: string) => `<!-- switchback ${key.replaceAll('--', '- -')} -->`;

/** Appends what is not there yet to a Markdown record. What people have written in it stays. Returns how many were added. */
export async function appendMarkdown(file: string, heading: string, entries: readonly Entry[]): Promise<number> {
  const there = await readRecord(file);
  const before = there ?? heading;
  const missing = entries.filter(({ key }) => !before.includes(marker(key)));
  // A record without entries is there all the same: that there were none is worth knowing.
  if (missing.length === 0 && there !== undefined) return 0;
  const added = missing.map(({ key, text }) =>
    // A table ends at a line that is no row, so a row carries its marker inside.
    text.startsWith('|') ? text.replace(/ \|\n$/, ` ${marker(key)} |\n`) : `${marker(key)}\n\n${text}\n`,
  );
  await writeRecord(file, `${before.endsWith('\n') ? before : `${before}\n`}${added.join('')}`);
  return missing.length;
}

/** Replaces the part of a Markdown record between two markers, or appends it. What people have written around it stays. */
export async function replaceMarkdown(file: string, heading: string, part: string, text: string): Promise<void> {
  const before = (await readRecord(file)) ?? heading;
  const [begin, end] = [marker(`${part} begin`), marker(`${part} end`)];
  const block = `${begin}\n\n${text}\n${end}`;
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  const after =
    from < 0 || to < from ? `${before}\n${block}\n` : before.slice(0, from) + block + before.slice(to + end.length);
  if (after !== before) await writeRecord(file, after);
}

/** Appends JSON lines whose `key` is not there yet, and returns all lines. A line that cannot be read is kept as it is. */
export async function appendLines<T extends { key: string }>(file: string, lines: readonly T[]): Promise<T[]> {
  const before = (await readRecord(file)) ?? '';
  const known = before.split('\n').flatMap((line) => parseLine<T>(line));
  const keys = new Set(known.map(({ key }) => key));
  const missing = lines.filter(({ key }) => !keys.has(key));
  if (missing.length > 0) {
    const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
    await writeRecord(file, start + missing.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  return [...known, ...missing];
}

function parseLine<T extends { key: string }>(line: string): T[] {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' && 'key' in value ? [value as T] : [];
  } catch {
    // Cut off, or edited by hand: the journal is what counts, records are for people.
    return [];
  }
}
