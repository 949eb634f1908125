import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { saveScript } from '../../activities/break-glass/save.ts';
import { writeRecord } from '../../activities/records/record-file.ts';
import { ContentStore } from '../../journal/content-store.ts';

let disk: string;
beforeEach(async () => {
  disk = mkdtempSync(join(tmpdir(), 'switchback-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
});
afterEach(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

const large = 'x'.repeat(300_000);

it.each([
  ['a break-glass script', () => saveScript(join(disk, 'run.to-baseline.sh'), large)],
  ['a record', () => writeRecord(join(disk, 'incident-1.md'), large)],
  [
    'kept content',
    async () => (await ContentStore.open(join(disk, 'content'), join(disk, 'key'))).keep(Buffer.from(large)),
  ],
])('%s that finds no room leaves nothing, however often it is tried', async (_name, write) => {
  for (let attempt = 1; attempt <= 3; attempt += 1) await expect(write()).rejects.toMatchObject({ code: 'ENOSPC' });
  const files = (await readdir(disk, { recursive: true })).filter((name) => name.includes('partial'));
  expect(files).toEqual([]);
  await writeFile(join(disk, 'filler'), 'x'.repeat(100_000));
  await rm(join(disk, 'filler'));
});
