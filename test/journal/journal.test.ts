import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Journal, readJournal } from '../../journal/index.ts';
import type { JournalEntry } from '../../runbook/journal.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchback-journal-'));
  file = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const decision = (by: string): JournalEntry => ({ type: 'decision', command: 'pause', by });
const append = (journal: Journal, by: string, key?: string) =>
  journal.append({ run: 'r1', epoch: 1, entries: [decision(by)], ...(key === undefined ? {} : { key }) });
const names = async () => (await readJournal(file)).records.map((record) => ('by' in record ? record.by : ''));

describe('the journal', () => {
  it('keeps what was appended, readable by its owner alone', async () => {
    await append(await Journal.open(file), 'a');
    expect(await names()).toEqual(['a']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('tolerates a torn tail at every length, and goes on after it', async () => {
    const journal = await Journal.open(file);
    await append(journal, 'a');
    await append(journal, 'b');
    const whole = readFileSync(file);
    const first = whole.indexOf(10) + 1;
    for (let length = first; length < whole.length - 1; length += 7) {
      writeFileSync(file, whole.subarray(0, length));
      await append(await Journal.open(file), 'c');
      expect(await names()).toEqual(['a', 'c']);
    }
  });

  it('refuses a hole: a line damaged after the fact is not skipped', async () => {
    const journal = await Journal.open(file);
    for (const by of ['a', 'b', 'c']) await append(journal, by);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"by":"b"', '"by":"x"'));
    await expect(Journal.open(file)).rejects.toMatchObject({ name: 'IntegrityFailed' });
  });

  it('notices a file that was cut behind its back', async () => {
    const journal = await Journal.open(file);
    await append(journal, 'a');
    truncateSync(file, 3);
    await expect(append(journal, 'b')).rejects.toMatchObject({ name: 'IntegrityFailed' });
  });

  it('refuses a format that it does not know', async () => {
    await append(await Journal.open(file), 'a');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^1 /, '2 '));
    await expect(Journal.open(file)).rejects.toMatchObject({ name: 'Unsupported' });
  });

  it('lets two writers append at the same time without losing a line', async () => {
    const writers = await Promise.all([Journal.open(file), Journal.open(file), Journal.open(file)]);
    await Promise.all(Array.from({ length: 60 }, (_none, index) => append(writers[index % 3]!, `w${index}`)));
    const found = await names();
    expect(found).toHaveLength(60);
    expect(new Set(found).size).toBe(60);
  });

  it('passes over the late line of a stopped writer, for every reader', async () => {
    const journal = await Journal.open(file);
    await append(journal, 'a');
    const stale = readFileSync(file, 'utf8');
    await append(journal, 'b');
    // A zombie that was stopped before its write had planned number 2 as well.
    const zombie = await Journal.open(join(folder, 'other.jsonl'));
    writeFileSync(join(folder, 'other.jsonl'), stale);
    await zombie.refresh();
    await append(zombie, 'zombie');
    appendFileSync(file, readFileSync(join(folder, 'other.jsonl'), 'utf8').slice(stale.length));
    await append(journal, 'c');
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  it('writes a key once, over processes', async () => {
    expect(await append(await Journal.open(file), 'a', 'k')).toBe(true);
    expect(await append(await Journal.open(file), 'b', 'k')).toBe(false);
    expect(await names()).toEqual(['a']);
  });
});
