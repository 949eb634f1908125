import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Prepared } from '../../../activities/effect.ts';
import { putFilesBackHandler } from '../../../activities/effects/put-files-back.ts';
import { restoreFilesHandler } from '../../../activities/effects/restore-files.ts';
import type { OperationInputs, Undo } from '../../../runbook/operations.ts';
import { performWith, TestTarget } from '../../real/effect-context.ts';
import { Repository } from '../git/repository.ts';

let target: TestTarget;
let repository: Repository;
beforeEach(async () => {
  target = await TestTarget.make({ project: 'files', env: '.env', protect: [{ path: 'keys' }] });
  repository = new Repository(target.directory);
});
afterEach(() => target.remove());

let running: object[] = [];
const engine = { listByLabel: async () => running as never };
const restore = restoreFilesHandler({ engine });
const putBack = putFilesBackHandler({ engine });
const inStack = (path: string) => join(target.directory, path);

/** Everything in the stack, with bytes, permission bits and links, as one value. */
function snapshot(): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const entry of readdirSync(target.directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes('/.git/') || entry.isDirectory()) continue;
    const found = lstatSync(path);
    const content = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path).toString('hex');
    entries[path.slice(target.directory.length + 1)] =
      `${entry.isSymbolicLink() ? '' : (found.mode & 0o7777).toString(8)} ${content}`;
  }
  return entries;
}

async function run(input: OperationInputs['restoreFiles'], prepared?: Prepared) {
  return performWith(restore, target.context('restoreFiles', input), prepared);
}

async function undo(from: Undo) {
  if (from.by !== 'operation' || from.kind !== 'putFilesBack') throw new Error(`unexpected undo: ${from.by}`);
  return performWith(
    putBack,
    target.context('putFilesBack', from.input as OperationInputs['putFilesBack'], { id: 'rollback-1/01-putFilesBack' }),
  );
}

/** The Backend of the second document, and what a phase did to it. */
function tenantRemoved(): void {
  repository
    .write('backend/src/app.ts', 'v1 app\n')
    .write('backend/src/tenant/index.ts', 'v1 tenant\n')
    .write('backend/run.sh', '#!/bin/sh\n', 0o755)
    .write('backend/data.bin', Buffer.from([0, 255, 10, 13, 128]))
    .write('docker-compose.yml', 'services: {}\n')
    .write('.gitignore', 'node_modules\n.env\n')
    .write('.env', 'SECRET=1\n', 0o600)
    .write('keys/private', 'key\n', 0o600);
  symlinkSync('src/app.ts', inStack('backend/main'));
  repository.commit();
  repository.git('tag', 'v1-stable');
  rmSync(inStack('backend/src/tenant'), { recursive: true });
  unlinkSync(inStack('backend/main'));
  symlinkSync('elsewhere', inStack('backend/main'));
  repository
    .write('backend/src/app.ts', 'v2 app\n')
    .write('backend/src/added.ts', 'new\n')
    .write('backend/data.bin', 'text now');
  chmodSync(inStack('backend/src/app.ts'), 0o600);
  chmodSync(inStack('backend/run.sh'), 0o644);
  repository.commit();
  repository
    .write('backend/untracked/deep.ts', 'untracked\n')
    .write('backend/node_modules/m.js', 'ignored\n')
    .write('elsewhere.md', 'mine\n');
}

describe('restoring files from git', () => {
  it('says who goes on reading what a file held before, going forward and back', async () => {
    repository.write('conf/site.conf', 'old').write('conf/other.conf', 'old').commit();
    repository.git('tag', 'old');
    repository.write('conf/site.conf', 'new').write('conf/other.conf', 'new').commit();
    const mounting = (service: string, State: string, Source: string) => ({
      ...{ State, Labels: { 'com.docker.compose.service': service } },
      Mounts: [{ Type: 'bind', Source }],
    });
    running = [
      mounting('web', 'running', inStack('conf/site.conf')),
      mounting('folder', 'running', inStack('conf')),
      mounting('stopped', 'exited', inStack('conf/other.conf')),
    ];
    const { performed, prepared } = await run({ ref: 'old', paths: ['conf'] });
    const told = '; these go on reading the old file until they are started again: web (conf/site.conf)';
    expect(performed.summary.endsWith(told)).toBe(true);
    expect((await undo(prepared.undo)).performed.summary).toBe(`2 files are as before the restore${told}`);
    running = [];
  });

  it('[M3] brings paths to exactly the state at a ref, and puts back exactly what they were', async () => {
    tenantRemoved();
    const before = snapshot();
    const standing = repository.git('rev-parse', 'HEAD') + repository.git('ls-files', '--stage');
    const { performed, prepared, outcome } = await run({ ref: 'v1-stable', paths: ['backend'] });
    expect(outcome).toBe('done');
    expect(performed.facts).toMatchObject({ files: 5, changes: 7, removed: 2 });
    const restored = snapshot();
    const expected = execFileSync('git', ['ls-tree', '-r', '--name-only', 'v1-stable', 'backend'], {
      cwd: target.directory,
      encoding: 'utf8',
    });
    // Ignored files are nobody's version and stay; everything else below the folder is what the tag has.
    expect(
      Object.keys(restored)
        .filter((path) => path.startsWith('backend/'))
        .sort(),
    ).toEqual([...expected.trim().split('\n'), 'backend/node_modules/m.js'].sort());
    for (const path of ['backend/src/app.ts', 'backend/src/tenant/index.ts', 'backend/data.bin', 'backend/run.sh']) {
      const bytes = execFileSync('git', ['cat-file', 'blob', `v1-stable:${path}`], { cwd: target.directory });
      expect(readFileSync(inStack(path))).toEqual(bytes);
    }
    expect(restored['backend/main']).toBe(' -> src/app.ts');
    // Who may read a file is no business of git's.
    expect(restored['backend/src/app.ts']).toMatch(/^600 /);
    expect(restored['backend/run.sh']).toMatch(/^755 /);
    expect(restored['elsewhere.md']).toBe(before['elsewhere.md']);
    expect(repository.git('rev-parse', 'HEAD') + repository.git('ls-files', '--stage')).toBe(standing);
    expect(target.fences).toBeGreaterThanOrEqual(7);

    expect(prepared.undo).toMatchObject({ by: 'operation', lossy: false });
    await undo(prepared.undo);
    expect(snapshot()).toEqual(before);
  });

  it('[M3] restores single files and globs, and nothing beside them', async () => {
    tenantRemoved();
    const before = snapshot();
    await run({ ref: 'v1-stable', paths: ['backend/src/app.ts', 'backend/*.bin'] });
    const changed = Object.entries(snapshot()).filter(([path, entry]) => before[path] !== entry);
    expect(changed.map(([path]) => path).sort()).toEqual(['backend/data.bin', 'backend/src/app.ts']);
  });

  it('does nothing twice, and has nothing to undo where nothing differs', async () => {
    tenantRemoved();
    const { prepared } = await run({ ref: 'v1-stable', paths: ['backend'] });
    const restored = snapshot();
    const again = await run({ ref: 'v1-stable', paths: ['backend'] }, prepared);
    expect(again.outcome).toBe('adopted');
    expect(snapshot()).toEqual(restored);
    expect((await run({ ref: 'v1-stable', paths: ['backend'] })).prepared.undo.by).toBe('nothing');
  });

  it('pins the commit: a branch that moves between attempts changes nothing', async () => {
    repository.write('a', '1').commit();
    repository.git('branch', 'release');
    repository.write('a', '2').commit();
    const context = target.context('restoreFiles', { ref: 'release', paths: ['a'] });
    const prepared = await restore.prepare({ ref: 'release', paths: ['a'] }, context);
    repository.git('branch', '--force', 'release', 'HEAD');
    await run({ ref: 'release', paths: ['a'] }, prepared);
    expect(await target.read('a')).toBe('1');
  });

  it('goes on where a killed attempt stopped, at any file', async () => {
    tenantRemoved();
    const before = snapshot();
    const input = { ref: 'v1-stable', paths: ['backend'] };
    const prepared = await restore.prepare(input, target.context('restoreFiles', input));
    const whole = await run(input, prepared).then(() => snapshot());
    await undo(prepared.undo);
    for (let survivors = 0; survivors < 7; survivors++) {
      const context = target.context('restoreFiles', input);
      let left = survivors;
      context.fence = async () => {
        if (left-- === 0) throw new Error('killed');
      };
      await expect(restore.perform(input, context, prepared)).rejects.toThrow('killed');
      writeFileSync(inStack('backend/src/.app.ts.switchback-partial'), 'half a fi');
      expect(await restore.observe(input, context, prepared)).toBe(survivors === 0 ? 'absent' : 'partial');
      if (survivors % 2 === 0) {
        await run(input, prepared);
        expect(snapshot()).toEqual(whole);
      }
      await undo(prepared.undo);
      expect(snapshot()).toEqual(before);
    }
  });

  it('changes a file into a folder and a folder into a file, and back', async () => {
    repository.write('config/a.yml', 'a').write('one', 'file').commit();
    repository.git('tag', 'then');
    rmSync(inStack('config'), { recursive: true });
    unlinkSync(inStack('one'));
    repository.write('config', 'a file now').write('one/two/three', 'deep').commit();
    const before = snapshot();
    const { prepared } = await run({ ref: 'then', paths: ['config', 'one'] });
    expect(await target.read('config/a.yml')).toBe('a');
    expect(await target.read('one')).toBe('file');
    await undo(prepared.undo);
    expect(snapshot()).toEqual(before);
  });
});

describe('what is not restored', () => {
  beforeEach(() => {
    repository.write('a', '1').write('keys/k', '1').write('docker-compose.yml', 'v1').commit();
    repository.git('tag', 'then');
  });

  it.each([['../other'], ['/etc/passwd'], [':/'], [':(top)x'], ['a/../../b'], ['']])(
    'is outside of the stack: %s',
    async (path) => {
      await expect(run({ ref: 'then', paths: [path] })).rejects.toMatchObject({ name: 'PlanInvalid' });
    },
  );

  it('[K9] is protected, or active, by name, folder or glob', async () => {
    repository.write('keys/k', '2').write('docker-compose.yml', 'v2').commit();
    for (const path of ['keys', 'keys/k', '*', '.', 'docker-compose.yml']) {
      await expect(run({ ref: 'then', paths: [path] })).rejects.toMatchObject({ name: 'Protected' });
    }
    expect(await target.read('keys/k')).toBe('2');
    // A protected file that would stay as it is stands in nobody's way.
    repository.write('keys/k', '1').write('docker-compose.yml', 'v1').write('a', '2').write('.switchback', 'a pointer');
    await run({ ref: 'then', paths: ['.'] });
    expect(await target.read('a')).toBe('1');
    expect(await target.read('.switchback')).toBe('a pointer');
  });

  it('lies behind a symbolic link', async () => {
    repository.write('folder/file', '1').commit();
    repository.git('tag', '--force', 'then');
    rmSync(inStack('folder'), { recursive: true });
    mkdirSync(join(target.root, 'outside'));
    writeFileSync(join(target.root, 'outside/file'), 'precious');
    symlinkSync('../outside', inStack('folder'));
    await expect(run({ ref: 'then', paths: ['folder/file'] })).rejects.toMatchObject({
      name: expect.stringMatching(/AccessDenied|StepFailed/),
    });
    expect(readFileSync(join(target.root, 'outside/file'), 'utf8')).toBe('precious');
  });

  it('was changed by somebody since it was looked at', async () => {
    repository.write('a', '2').write('b', 'new').commit();
    const input = { ref: 'then', paths: ['a', 'b'] };
    const context = target.context('restoreFiles', input);
    const prepared = await restore.prepare(input, context);
    await target.write('a', 'an edit');
    await expect(run(input, prepared)).rejects.toMatchObject({
      name: 'ValidationMismatch',
      message: expect.stringContaining('a changed'),
    });
    // All or nothing: the other file was not touched either.
    expect(await target.read('b')).toBe('new');
    expect(await target.read('a')).toBe('an edit');
  });

  it('would go over an edit that was made after the restore', async () => {
    repository.write('a', '2').commit();
    const { prepared } = await run({ ref: 'then', paths: ['a'] });
    await target.write('a', 'an edit');
    await expect(undo(prepared.undo)).rejects.toMatchObject({ name: 'ValidationMismatch', hint: expect.any(String) });
    expect(await target.read('a')).toBe('an edit');
    // Put back by hand is as good as put back by us.
    await target.write('a', '2');
    expect((await undo(prepared.undo)).outcome).toBe('adopted');
  });

  it('is not what git would check out', async () => {
    repository.write('.gitattributes', '*.psd filter=lfs\n').write('logo.psd', 'pointer').commit();
    repository.git('tag', '--force', 'then');
    await target.write('logo.psd', 'a real picture');
    await expect(run({ ref: 'then', paths: ['logo.psd'] })).rejects.toMatchObject({ name: 'Unsupported' });
    expect(await target.read('logo.psd')).toBe('a real picture');
  });

  it('is a submodule', async () => {
    const other = new Repository();
    other.write('x', 'x').commit();
    execFileSync('git', ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.directory, 'sub'], {
      cwd: target.directory,
    });
    repository.commit();
    await expect(run({ ref: 'HEAD', paths: ['sub'] })).rejects.toMatchObject({ name: 'Unsupported' });
    other.remove();
  });
});
