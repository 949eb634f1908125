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

  it('says what is the matter with a file that it refuses, and what to do', async () => {
    const journal = await Journal.open(file);
    await append(journal, 'a');
    await append(journal, 'b');
    const [first, second] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${second}\n`);
    const restore = expect.stringContaining('Restore the file from a copy');
    await expect(Journal.open(file)).rejects.toMatchObject({
      message: `the journal ${file} is damaged after line 0: line 2 follows`,
      hint: restore,
    });
    await expect(journal.refresh()).rejects.toMatchObject({
      message: `the journal ${file} is damaged after line 2: the file has become shorter`,
      hint: restore,
    });
    writeFileSync(file, `${first?.replace(/^1 /, '2 ')}\n`);
    await expect(Journal.open(file)).rejects.toMatchObject({
      message: `the journal ${file} has format 2, which this version cannot read`,
      hint: expect.stringContaining('the version of Switchback that wrote it'),
    });
  });

  it('counts what it could not read, and nothing else', async () => {
    await append(await Journal.open(file), 'a');
    expect((await readJournal(file)).damaged).toBe(0);
    appendFileSync(file, '\n\n');
    expect((await readJournal(file)).damaged).toBe(0);
    appendFileSync(file, '1 torn');
    await append(await Journal.open(file), 'b');
    appendFileSync(file, 'noise\n');
    const read = await readJournal(file);
    expect(read).toMatchObject({ damaged: 2, state: { seq: 2 } });
    expect(read.records.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(read.records.every((record) => !('nonce' in record))).toBe(true);
  });

  it('reads lines that are longer than what is read at a time', async () => {
    const long = 'x'.repeat(3 << 20);
    const journal = await Journal.open(file);
    await append(journal, long);
    await append(journal, 'b');
    expect(await names()).toEqual([long, 'b']);
  });

  it('keeps lines for those who want them alone', async () => {
    await append(await Journal.open(file), 'a');
    expect((await Journal.open(file)).records).toEqual([]);
    expect((await Journal.open(file, { keepRecords: true })).records).toHaveLength(1);
  });

  it('writes several entries as one: with the key on the last, at one time, in their order', async () => {
    const journal = await Journal.open(file);
    expect(await journal.append({ run: 'r1', epoch: 7, key: 'k', entries: [decision('a'), decision('b')] })).toBe(true);
    const { records } = await readJournal(file);
    expect(records).toMatchObject([
      { seq: 1, run: 'r1', epoch: 7, by: 'a' },
      { seq: 2, run: 'r1', epoch: 7, by: 'b', key: 'k' },
    ]);
    expect(records[0]).not.toHaveProperty('key');
    expect(records[0]?.at).toBe(records[1]?.at);
    expect(Math.abs(Date.parse(records[0]?.at ?? '') - Date.now())).toBeLessThan(600_000);
  });

  it('writes nothing where there is an objection to the newest state, and goes on for the next', async () => {
    const [one, other] = [await Journal.open(file), await Journal.open(file)];
    await append(other, 'a');
    const objection = (state: { seq: number }) => (state.seq === 1 ? new Error('there is one') : undefined);
    await expect(one.appendIf({ run: 'r1', epoch: 1, entries: [decision('b')] }, objection)).rejects.toThrow(
      'there is one',
    );
    expect(await append(one, 'c')).toBe(true);
    expect(await names()).toEqual(['a', 'c']);
  });

  it('passes on what keeps it from reading or writing', async () => {
    await expect(Journal.open(folder)).rejects.toMatchObject({ code: 'EISDIR' });
    const journal = await Journal.open(join(folder, 'no', 'folder.jsonl'));
    await expect(append(journal, 'a')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
