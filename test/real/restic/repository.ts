import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

import type { DockerEngine } from '../../../activities/docker/index.ts';
import { resticImage } from '../../../activities/restic/index.ts';
import { holderPrefix } from '../../../activities/restic/run-restic-once.ts';
import { ownLabels, ownName } from '../own-names.ts';

/** A restic repository in a folder, as somebody sees it who has restic and the password. */
export class Repository {
  constructor(
    readonly at: string,
    readonly password: string,
  ) {}

  #container(name: string, more: string[], command: string[]): string[] {
    const labels = Object.entries(ownLabels).flatMap(([label, value]) => ['--label', `${label}=${value}`]);
    const mounts = ['-v', `${this.at}:/repository`, '-v', `${this.password}:/password:ro`];
    const env = ['-e', 'RESTIC_REPOSITORY=/repository', '-e', 'RESTIC_PASSWORD_FILE=/password'];
    return ['run', '--network', 'none', '--name', name, ...labels, ...mounts, ...env, ...more, resticImage, ...command];
  }

  async restic(...words: string[]): Promise<string> {
    const { stdout } = await execa(
      'docker',
      this.#container(ownName('restic'), ['--rm'], ['restic', '--no-cache', ...words]),
    );
    return stdout;
  }

  async snapshots(): Promise<{ id: string; tags?: string[] }[]> {
    return JSON.parse(await this.restic('snapshots', '--json', '--no-lock'));
  }

  /** A lock that restic has not finished writing has another name; killed then, it leaves that file, which nobody takes for a lock. */
  async locks(): Promise<number> {
    return (await readdir(join(this.at, 'locks'))).filter((name) => /^[0-9a-f]{64}$/.test(name)).length;
  }

  /** Leaves the lock of a restic that was killed while it had the repository for itself; `of` an engine, as its helpers are called. */
  async lockAs(hostname: string, { of }: { of?: DockerEngine } = {}): Promise<void> {
    const host = of === undefined ? hostname : `${await holderPrefix(of)}12345678`;
    const before = await this.locks();
    const name = ownName('holder');
    // Its number is as high as that of a helper's restic.
    const script = 'for n in {1..60}; do (:); done; restic --no-cache check --read-data; true';
    // Slow enough to be killed in the middle.
    const holder = execa(
      'docker',
      this.#container(name, ['--rm', '--init', '--hostname', host, '--cpus', '0.05'], ['bash', '-c', script]),
      {
        reject: false,
      },
    );
    while ((await this.locks()) === before) await new Promise((resolve) => setTimeout(resolve, 20));
    await execa('docker', ['kill', '--signal', 'KILL', name]);
    await holder;
  }
}

/** Every file below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Flips bits all over every pack, so that no piece in it stays what it was. */
export async function damagePacks(repository: string): Promise<void> {
  for (const file of await filesBelow(join(repository, 'data'))) {
    const bytes = await readFile(file);
    for (let at = 10; at < bytes.length; at += 20) bytes[at]! ^= 1;
    await writeFile(file, bytes);
  }
}
