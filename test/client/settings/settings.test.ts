import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { locate } from '../../../client/settings/locate.ts';
import { settingsFrom, workflowPage } from '../../../client/settings/settings.ts';
import { readUpRecord, upRecordFile, writeUpRecord, type UpRecord } from '../../../client/settings/up-record.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchback-settings-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const up: UpRecord = {
  format: 1,
  address: '127.0.0.1:4000',
  namespace: 'space',
  ui: 'http://127.0.0.1:5000/',
  stacks: [],
};

describe('settings', () => {
  it('come from what `up` wrote down when nobody names a server', () => {
    expect(settingsFrom({}, {}, up)).toMatchObject({
      address: '127.0.0.1:4000',
      addressFrom: 'up',
      namespace: 'space',
      ui: 'http://127.0.0.1:5000',
    });
  });

  it('take nothing from it for a server that was named', () => {
    expect(settingsFrom({ address: 'there:1' }, {}, up)).toMatchObject({
      address: 'there:1',
      addressFrom: 'option',
      namespace: 'default',
      ui: 'http://127.0.0.1:8233',
    });
    expect(settingsFrom({}, { TEMPORAL_ADDRESS: '127.0.0.1:4000' }, up)).toMatchObject({
      addressFrom: 'environment',
      ui: 'http://127.0.0.1:5000',
    });
  });

  it('make an address of the Web UI that survives the names', () => {
    expect(workflowPage({ ui: 'http://ui', namespace: 'a b' }, 'migration/shop/1-x')).toBe(
      'http://ui/namespaces/a%20b/workflows/migration%2Fshop%2F1-x',
    );
  });

  it('are written and read back, and a broken record is none', async () => {
    expect(await readUpRecord(folder)).toBeUndefined();
    await writeUpRecord(folder, up);
    expect(await readUpRecord(folder)).toEqual(up);
    await writeFile(upRecordFile(folder), '{"format": 1');
    expect(await readUpRecord(folder)).toBeUndefined();
  });
});

describe('the target that is meant', () => {
  const plan = (text: string) => writeFile(join(folder, 'switchback.yml'), text);

  it("is the plan's, also when the plan is wrong elsewhere", async () => {
    await plan('switchback: 1\nstack: { project: shop, host: db1 }\nphases: nonsense\nbogus: 1\n');
    expect(await locate({}, { cwd: folder })).toEqual({ target: 'shop', homeHost: 'db1' });
    expect(await locate({ plan: join(folder, 'switchback.yml') }, { cwd: '/' })).toEqual({
      target: 'shop',
      homeHost: 'db1',
    });
  });

  it('is the one that was typed; the plan then speaks only for its own', async () => {
    await plan('stack: { project: shop }\n');
    expect(await locate({ target: 'shop' }, { cwd: folder })).toEqual({ target: 'shop', homeHost: 'local' });
    expect(await locate({ target: 'k2' }, { cwd: folder })).toEqual({ target: 'k2' });
  });

  it.each([
    ['stack: { directory: . }\n', /does not say stack\.project/],
    ['name: x\n', /has no stack/],
    [`${'['.repeat(40_000)}\n`, /has no stack/],
    ['stack: { project: "../../etc" }\n', /not the name of a target/],
    ['stack: { project: 3 }\n', /does not say stack\.project/],
  ])('is asked for when the plan does not say it: %#', async (text, says) => {
    await plan(text);
    await expect(locate({}, { cwd: folder })).rejects.toThrow(says);
  });
});
