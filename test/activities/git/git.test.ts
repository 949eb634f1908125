import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  annotatedTag,
  backupBranch,
  currentBranch,
  deletePushed,
  dirtyPaths,
  filesAt,
  headCommit,
  isRepository,
  pushRefs,
  readBlobs,
  removeTag,
  requirePlainBytes,
  requireTagFree,
  resolveCommit,
  runGit,
  tagCommit,
  takenBackRef,
} from '../../../activities/git/index.ts';
import { Repository } from './repository.ts';

let repository: Repository;
let directory: string;
beforeEach(() => {
  repository = new Repository();
  directory = repository.directory;
  repository.write('docker-compose.yml', 'services: {}\n').commit('first');
});
afterEach(() => {
  repository.remove();
});

describe('refs', () => {
  it('resolve to pinned commits', async () => {
    const first = await headCommit(directory);
    repository.git('tag', 'light');
    const second = repository.write('a', 'a').commit();
    expect(first).toMatch(/^[0-9a-f]{40}$/);
    expect(await resolveCommit(directory, 'light')).toBe(first);
    expect(await resolveCommit(directory, 'HEAD')).toBe(second);
    expect(await resolveCommit(directory, second.slice(0, 10))).toBe(second);
    expect(await tagCommit(directory, 'light')).toBe(first);
    expect(await tagCommit(directory, 'nothing')).toBeUndefined();
    expect(await currentBranch(directory)).toBe('main');
  });

  it.each(['--upload-pack=touch x', '-q', '', 'a b', 'a..b', 'a\nb', 'HEAD:docker-compose.yml'])(
    '%j is refused',
    async (ref) => {
      await expect(resolveCommit(directory, ref)).rejects.toMatchObject({ name: 'PlanInvalid' });
    },
  );

  it('that name nothing are a failed precondition', async () => {
    await expect(resolveCommit(directory, 'v9')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('v9'),
    });
  });
});

describe('a folder', () => {
  it('without git is told from one with it', async () => {
    const plain = mkdtempSync(join(tmpdir(), 'switchback-plain-'));
    try {
      expect(await isRepository(plain)).toBe(false);
      expect(await isRepository(directory)).toBe(true);
      await expect(headCommit(plain)).rejects.toMatchObject({
        name: 'PreconditionFailed',
        hint: expect.stringContaining('git init'),
      });
      await expect(headCommit(join(plain, 'missing'))).rejects.toMatchObject({ name: 'PreconditionFailed' });
    } finally {
      rmSync(plain, { recursive: true });
    }
  });

  it('is not what GIT_DIR in the environment says, and its hooks do not run', async () => {
    const other = new Repository();
    process.env['GIT_DIR'] = join(other.directory, '.git');
    try {
      writeFileSync(join(directory, '.git/hooks/reference-transaction'), `#!/bin/sh\ntouch ${directory}/ran\n`);
      chmodSync(join(directory, '.git/hooks/reference-transaction'), 0o755);
      await annotatedTag(directory, { tag: 'v1', commit: await headCommit(directory), message: 'v1' });
      expect(existsSync(join(directory, 'ran'))).toBe(false);
    } finally {
      delete process.env['GIT_DIR'];
      other.remove();
    }
    expect(repository.git('tag', '--list')).toBe('v1');
  });

  it('passes no variable of the worker to git but those that git needs', async () => {
    process.env['ORDERS_PASSWORD'] = 'hunter2';
    repository.git('config', 'alias.show-env', '!env');
    try {
      const env = (await runGit(directory, ['show-env'])).stdout.toString('utf8');
      expect(env).toContain('GIT_TERMINAL_PROMPT=0');
      expect(env).not.toContain('hunter2');
    } finally {
      delete process.env['ORDERS_PASSWORD'];
    }
  });

  it('that somebody else works in is busy, not broken', async () => {
    writeFileSync(join(directory, '.git/packed-refs.lock'), '');
    writeFileSync(join(directory, '.git/refs/heads/backup.lock'), '');
    const commit = await headCommit(directory);
    await expect(backupBranch(directory, { branch: 'backup', commit })).rejects.toMatchObject({ name: 'Busy' });
  });
});

describe('annotated tags', () => {
  it('[K4] are made once, with a message, and made again without effect', async () => {
    const commit = await headCommit(directory);
    const before = repository.standing();
    const request = {
      tag: 'v2-phase-1-complete',
      commit,
      message: 'Phase 1: infrastructure baseline tagged\n\n# kept',
    };
    const made = await annotatedTag(directory, request);
    const again = await annotatedTag(directory, request);
    expect(made.created).toBe(true);
    expect(again).toEqual({ object: made.object, created: false });
    expect(repository.git('cat-file', '-t', 'v2-phase-1-complete')).toBe('tag');
    expect(repository.git('for-each-ref', '--format=%(taggername)|%(contents)', 'refs/tags')).toBe(
      `Ada|${request.message}`,
    );
    expect(repository.standing()).toBe(before);
  });

  it('[K4] on another commit stop, and are not moved', async () => {
    const first = await headCommit(directory);
    repository.git('tag', '-a', '-m', 'mine', 'v1-stable');
    const second = repository.write('a', 'a').commit();
    await expect(requireTagFree(directory, { tag: 'v1-stable', commit: second })).rejects.toMatchObject({
      name: 'Conflict',
    });
    await expect(annotatedTag(directory, { tag: 'v1-stable', commit: second, message: 'm' })).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining(first.slice(0, 12)),
    });
    expect(await tagCommit(directory, 'v1-stable')).toBe(first);
  });

  it('are made where git knows no identity and wants signatures', async () => {
    repository.git('config', '--unset', 'user.name');
    repository.git('config', '--unset', 'user.email');
    repository.git('config', 'user.useConfigOnly', 'true');
    repository.git('config', 'tag.gpgSign', 'true');
    const home = process.env['HOME'];
    process.env['HOME'] = directory;
    try {
      await annotatedTag(directory, { tag: 'v1', commit: await headCommit(directory), message: 'm' });
    } finally {
      process.env['HOME'] = home;
    }
    expect(repository.git('for-each-ref', '--format=%(taggername) %(contents:signature)', 'refs/tags/v1')).toBe(
      'Switchback',
    );
  });

  it.each(['-d', 'a b', 'a..b', 'x.lock', '/a', 'a~1'])('are not called %j', async (tag) => {
    const commit = await headCommit(directory);
    await expect(annotatedTag(directory, { tag, commit, message: 'm' })).rejects.toMatchObject({ name: 'PlanInvalid' });
  });

  it('[K4] that are taken back free the name, and stay reachable', async () => {
    const commit = await headCommit(directory);
    const { object } = await annotatedTag(directory, { tag: 'v2-phase-1-complete', commit, message: 'm' });
    expect(await removeTag(directory, { tag: 'v2-phase-1-complete', object })).toBe('removed');
    expect(await removeTag(directory, { tag: 'v2-phase-1-complete', object })).toBe('gone');
    expect(repository.git('tag', '--list')).toBe('');
    expect(repository.git('rev-parse', takenBackRef('v2-phase-1-complete', object))).toBe(object);
    const next = repository.write('a', 'a').commit();
    expect((await annotatedTag(directory, { tag: 'v2-phase-1-complete', commit: next, message: 'm' })).created).toBe(
      true,
    );
  });

  it('that somebody made anew are not taken back', async () => {
    const commit = await headCommit(directory);
    const { object } = await annotatedTag(directory, { tag: 'v2', commit, message: 'ours' });
    repository.git('tag', '-a', '-f', '-m', 'theirs', 'v2');
    await expect(removeTag(directory, { tag: 'v2', object })).rejects.toMatchObject({ name: 'Conflict' });
    expect(await tagCommit(directory, 'v2')).toBe(commit);
  });
});

describe('a backup branch', () => {
  it('[M1] is made without moving HEAD, index or work tree', async () => {
    repository.write('dirty', 'yes').write('docker-compose.yml', 'services: { a: {} }\n');
    repository.git('add', 'docker-compose.yml');
    const before = repository.standing();
    const commit = await headCommit(directory);
    expect(await backupBranch(directory, { branch: 'backup-v1', commit })).toBe('created');
    expect(await backupBranch(directory, { branch: 'backup-v1', commit })).toBe('existed');
    expect(repository.git('rev-parse', 'backup-v1')).toBe(commit);
    expect(repository.standing()).toBe(before);
  });

  it('that has another commit is left alone', async () => {
    const first = await headCommit(directory);
    repository.git('branch', 'backup-v1');
    const commit = repository.write('a', 'a').commit();
    await expect(backupBranch(directory, { branch: 'backup-v1', commit })).rejects.toMatchObject({ name: 'Conflict' });
    expect(repository.git('rev-parse', 'backup-v1')).toBe(first);
  });
});

describe('dirty paths', () => {
  it('are those that differ or are new, below the asked ones, relative to the stack', async () => {
    const stack = join(directory, 'stack');
    repository
      .write('stack/a.yml', 'a')
      .write('stack/sub/b', 'b')
      .write('elsewhere', 'e')
      .write('.gitignore', 'ignored\n')
      .commit();
    repository
      .write('stack/a.yml', 'changed')
      .write('stack/sub/new ü', 'n')
      .write('elsewhere', 'changed')
      .write('stack/ignored', 'i');
    repository.git('mv', 'stack/sub/b', 'stack/sub/c');
    expect((await dirtyPaths(stack)).sort()).toEqual(['a.yml', 'sub/b', 'sub/c', 'sub/new ü']);
    expect((await dirtyPaths(stack, ['sub'])).sort()).toEqual(['sub/b', 'sub/c', 'sub/new ü']);
    expect(await dirtyPaths(stack, ['*.yml'])).toEqual(['a.yml']);
  });
});

describe('pushes', () => {
  let remote: string;
  beforeEach(() => {
    remote = mkdtempSync(join(tmpdir(), 'switchback-remote-'));
    repository.git('init', '--quiet', '--bare', remote);
  });
  afterEach(() => {
    rmSync(remote, { recursive: true });
  });
  const remoteRefs = () =>
    repository
      .git('ls-remote', 'origin')
      .split('\n')
      .map((line) => line.split('\t')[1]);

  it('[M1] bring the named refs and nothing else, again without effect, and can be taken back', async () => {
    repository.git('remote', 'add', 'origin', remote);
    const commit = await headCommit(directory);
    const { object } = await annotatedTag(directory, { tag: 'v1-stable', commit, message: 'm' });
    await backupBranch(directory, { branch: 'backup', commit });
    const refs = ['refs/tags/v1-stable', 'refs/heads/backup'];
    expect(await pushRefs(directory, refs)).toBe('origin');
    await pushRefs(directory, refs);
    expect(remoteRefs()).toEqual(['refs/heads/backup', 'refs/tags/v1-stable', 'refs/tags/v1-stable^{}']);
    await deletePushed(directory, 'refs/tags/v1-stable', object);
    await deletePushed(directory, 'refs/tags/v1-stable', object);
    expect(remoteRefs()).toEqual(['refs/heads/backup']);
  });

  it('never overwrite or delete what somebody else pushed', async () => {
    repository.git('remote', 'add', 'origin', remote);
    const commit = await headCommit(directory);
    const { object } = await annotatedTag(directory, { tag: 'v1', commit, message: 'ours' });
    repository.git('tag', '-a', '-m', 'theirs', 'theirs');
    repository.git('push', '--quiet', 'origin', 'theirs:refs/tags/v1');
    await expect(pushRefs(directory, ['refs/tags/v1'])).rejects.toMatchObject({ name: 'Conflict' });
    await expect(deletePushed(directory, 'refs/tags/v1', object)).rejects.toMatchObject({ name: 'Conflict' });
    expect(remoteRefs()).toContain('refs/tags/v1');
  });

  it('without a remote say how to get one', async () => {
    await expect(pushRefs(directory, ['refs/heads/main'])).rejects.toMatchObject({
      name: 'PreconditionFailed',
      hint: expect.stringContaining('push: false'),
    });
  });

  it('keep the password of a remote out of their errors', async () => {
    repository.git('remote', 'add', 'origin', 'http://user:hunter2@127.0.0.1:9/x.git');
    const error = await pushRefs(directory, ['refs/heads/main']).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ name: 'Unreachable' });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('files at a commit', () => {
  it('come with kinds and bytes, with what was added since, and without touching the index', async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 10, 13]);
    repository
      .write('app/a b.ts', 'a')
      .write('app/run.sh', '#!/bin/sh\n', 0o755)
      .write('app/data.bin', bytes)
      .write('app/deep/c', 'c')
      .write('other', 'o');
    symlinkSync('a b.ts', join(directory, 'app/link'));
    repository.write('.gitignore', 'node_modules\n');
    const commit = repository.commit();
    repository.write('app/new', 'n').write('app/untracked', 'u').write('app/node_modules/m', 'm');
    repository.git('add', 'app/new');
    const before = repository.standing();
    const { files, added } = await filesAt(directory, commit, ['app']);
    expect(files.map((file) => [file.path, file.kind])).toEqual([
      ['app/a b.ts', 'file'],
      ['app/data.bin', 'file'],
      ['app/deep/c', 'file'],
      ['app/link', 'symlink'],
      ['app/run.sh', 'executable'],
    ]);
    expect(added.sort()).toEqual(['app/new', 'app/untracked']);
    const blobs = new Map<string, Buffer>();
    for await (const blob of readBlobs(
      directory,
      [...files, ...files].map((file) => file.blob),
    ))
      blobs.set(blob.id, blob.bytes);
    expect(blobs.get(files[1]!.blob)).toEqual(bytes);
    expect(blobs.get(files[3]!.blob)?.toString()).toBe('a b.ts');
    await expect(readBlobs(directory, ['0'.repeat(40)]).next()).rejects.toMatchObject({ name: 'IntegrityFailed' });
    expect(repository.standing()).toBe(before);
    expect((await filesAt(directory, commit, ['app/*.sh'])).files.map((file) => file.path)).toEqual(['app/run.sh']);
    expect((await filesAt(join(directory, 'app'), commit, ['deep'])).files.map((file) => file.path)).toEqual([
      'deep/c',
    ]);
    await expect(filesAt(directory, commit, ['app', 'typo'])).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('typo'),
    });
  });

  it('are refused where git would change their bytes on the way out', async () => {
    repository.write('.gitattributes', '*.psd filter=lfs\n*.txt text eol=lf\n*.bat eol=crlf\n');
    await expect(requirePlainBytes(directory, ['a.txt', 'b.psd'])).rejects.toMatchObject({
      name: 'Unsupported',
      facts: { path: 'b.psd', attribute: 'filter' },
    });
    await expect(requirePlainBytes(directory, ['c.bat'])).rejects.toMatchObject({ name: 'Unsupported' });
    await expect(requirePlainBytes(directory, ['a.txt'])).resolves.toBeUndefined();
  });
});
