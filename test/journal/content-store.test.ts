import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ContentStore } from '../../journal/index.ts';

let folder: string;
let keyFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchback-content-'));
  keyFile = join(folder, 'home', 'key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const content = () => join(folder, 'content');
const open = () => ContentStore.open(content(), keyFile);
const placeOf = (digest: string) => join(content(), digest.slice(0, 2), digest.slice(2));
const filesBelow = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(path, name)).isFile());

describe('the content store', () => {
  it('gives back what was kept, and keeps it once, for its owner alone', async () => {
    const store = await open();
    const digest = await store.keep(Buffer.from('PASSWORD=x'));
    expect(await store.keep(Buffer.from('PASSWORD=x'))).toBe(digest);
    expect((await store.kept(digest)).toString()).toBe('PASSWORD=x');
    expect(filesBelow(content())).toHaveLength(1);
    expect(readFileSync(placeOf(digest), 'utf8')).toBe('PASSWORD=x');
    expect(statSync(placeOf(digest)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(placeOf(digest))).mode & 0o777).toBe(0o700);
  });

  it('calls contents by a digest that nobody can compute without the key of the home', async () => {
    const store = await open();
    const key = readFileSync(keyFile);
    expect(key).toHaveLength(32);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(keyFile)).mode & 0o777).toBe(0o700);
    expect(store.digest(Buffer.from('a'))).toBe(createHmac('sha256', key).update('a').digest('hex'));
    expect((await open()).digest(Buffer.from('a'))).toBe(store.digest(Buffer.from('a')));
    expect(filesBelow(dirname(keyFile))).toEqual(['key']);
  });

  it('has one key, however many processes make it at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, open));
    expect(new Set(stores.map((store) => store.digest(Buffer.from('a')))).size).toBe(1);
    expect(filesBelow(dirname(keyFile))).toEqual(['key']);
  });

  it('refuses a key that is not whole, and leaves it as it is', async () => {
    mkdirSync(dirname(keyFile), { recursive: true });
    writeFileSync(keyFile, 'short');
    await expect(open()).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: `the home's key ${keyFile} is damaged`,
      hint: expect.stringContaining('Restore it from a copy'),
    });
    expect(readFileSync(keyFile, 'utf8')).toBe('short');
  });

  it('says that a content is missing, with the reason', async () => {
    const store = await open();
    const digest = store.digest(Buffer.from('a'));
    await expect(store.kept(digest)).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: `content ${digest.slice(0, 12)} is missing from the home`,
      cause: { code: 'ENOENT' },
    });
  });

  it('never gives out a damaged content, and keeps it again where it is handed in once more', async () => {
    const store = await open();
    const digest = await store.keep(Buffer.from('whole'));
    writeFileSync(placeOf(digest), 'whol');
    await expect(store.kept(digest)).rejects.toMatchObject({
      name: 'IntegrityFailed',
      message: `content ${digest.slice(0, 12)} in the home is damaged`,
    });
    await store.keep(Buffer.from('whole'));
    expect((await store.kept(digest)).toString()).toBe('whole');
    expect(filesBelow(content())).toHaveLength(1);
  });

  it.each(['', 'abc', '../../etc/passwd', `${'a'.repeat(64)}/x`, `x${'a'.repeat(64)}`, 'A'.repeat(64)])(
    'takes no name %j for a digest',
    async (digest) => {
      await expect((await open()).kept(digest)).rejects.toMatchObject({
        name: 'IntegrityFailed',
        message: `${JSON.stringify(digest)} is not a content digest`,
      });
    },
  );

  it('passes on what keeps it from looking', async () => {
    const store = await open();
    const digest = store.digest(Buffer.from('a'));
    mkdirSync(placeOf(digest), { recursive: true });
    await expect(store.keep(Buffer.from('a'))).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('passes on what keeps it from reading its key', async () => {
    mkdirSync(keyFile, { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
