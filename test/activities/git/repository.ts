import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real git repository in a folder of its own, with an identity that nothing on this machine overrides. */
export class Repository {
  readonly directory: string;

  constructor(parent = mkdtempSync(join(tmpdir(), 'switchback-git-'))) {
    this.directory = parent;
    mkdirSync(parent, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'user.name', 'Ada');
    this.git('config', 'user.email', 'ada@example.org');
    this.git('config', 'commit.gpgSign', 'false');
  }

  git(...argv: string[]): string {
    return execFileSync('git', argv, {
      cwd: this.directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  write(path: string, content: string | Buffer, mode = 0o644): this {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
    return this;
  }

  /** Commits everything and returns the commit's id. */
  commit(message = 'a change'): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** What must not change behind the user's back: HEAD, the index, the work tree's state, stashes. */
  standing(): string {
    return ['symbolic-ref HEAD', 'rev-parse HEAD', 'ls-files --stage', 'status --porcelain', 'stash list']
      .map((line) => this.git(...line.split(' ')))
      .join('\n');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
