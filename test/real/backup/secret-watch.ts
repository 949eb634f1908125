import { spawn, type ChildProcess } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inflateRawSync, inflateSync, gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import type { DockerEngine } from '../../../activities/docker/index.ts';

/** A text in the forms in which somebody may have written it down: as it is, in a URL, in JSON, in hexadecimal, in base64 at any offset. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // The first and the last letters depend on what stands around.
    return text.slice(offset === 0 ? 0 : 4, Math.floor(((offset + bytes.length) * 4) / 3));
  });
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      bytes.toString('hex'),
      ...base64,
    ]),
  ];
}

/** Looks for secrets where no secret may be, while something is at work: in all processes, and in all containers of a target. */
export class SecretWatch {
  /** Where a secret was seen, e.g. `argv of 123 (pg_dump)`, by secret. */
  readonly seen = new Map<string, Set<string>>();
  /** Names of containers that were looked at. */
  readonly containers = new Set<string>();
  /** Programs that were looked at. */
  readonly programs = new Set<string>();
  readonly #forms: [string, string[]][];
  readonly #open: Promise<unknown>[] = [];
  #events: ChildProcess | undefined;
  readonly #known = new Map<string, string>();
  #stopped = false;

  constructor(
    readonly engine: DockerEngine,
    readonly label: string,
    secrets: string[],
  ) {
    this.#forms = secrets.map((secret) => [secret, formsOf(secret)]);
  }

  start(): void {
    this.#open.push(this.#watchProcesses());
    const filters = [
      '--filter',
      'type=container',
      '--filter',
      `label=${this.label}`,
      '--filter',
      'event=create',
      '--filter',
      'event=start',
    ];
    this.#events = spawn('docker', ['events', ...filters, '--format', '{{.Action}} {{.ID}}'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#events.stdout! }).on('line', (line) => {
      const [action, id = ''] = line.split(' ');
      this.#open.push(action === 'create' ? this.#inspect(id) : this.#readLog(id));
    });
  }

  /** Ends the watch once all that it had begun to look at was looked at. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#events?.kill();
    await Promise.all(this.#open);
  }

  search(where: string, text: string | Buffer): void {
    for (const [secret, forms] of this.#forms) {
      if (!forms.some((form) => text.includes(form))) continue;
      this.seen.set(secret, (this.seen.get(secret) ?? new Set()).add(where));
    }
  }

  /** One file, where it is one. @returns 1 or 0 */
  async searchFile(path: string): Promise<number> {
    if (!lstatSync(path).isFile()) return 0;
    this.searchBytes(path, await readFile(path));
    return 1;
  }

  /** All files below a folder, as they are and unpacked. */
  async searchFolder(folder: string): Promise<number> {
    let files = 0;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      this.searchBytes(path, await readFile(path));
      files += 1;
    }
    return files;
  }

  searchBytes(where: string, bytes: Buffer): void {
    this.search(where, bytes);
    for (const unpack of [inflateSync, gunzipSync, inflateRawSync]) {
      try {
        this.search(`${where}, unpacked`, unpack(bytes));
      } catch {
        // It is not packed like that.
      }
    }
  }

  async #inspect(id: string): Promise<void> {
    const found = await this.engine.inspectContainer(id);
    if (!found) return;
    this.containers.add(found.Name);
    this.search(`inspection of ${found.Name}`, JSON.stringify(found));
  }

  async #readLog(id: string): Promise<void> {
    const { all } = await execa('docker', ['logs', '--follow', id], { all: true, reject: false });
    this.search(`log of ${id.slice(0, 12)}`, all);
  }

  /** One that lives for less than a round may be missed; tools and helpers live for longer. A pause: it must not starve what it watches. */
  async #watchProcesses(): Promise<void> {
    while (!this.#stopped) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      for (const pid of pids) this.#look(pid);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #look(pid: string): void {
    const read = (name: string) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'latin1');
      } catch {
        // It has ended, or is somebody else's.
        return '';
      }
    };
    const argv = read('cmdline');
    // A kernel thread, or one that has become no other program since it was looked at.
    if (argv === '' || this.#known.get(pid) === argv) return;
    this.#known.set(pid, argv);
    const environ = read('environ');
    const program = argv.split('\0')[0]?.split('/').at(-1) ?? '';
    this.programs.add(program);
    this.search(`argv of ${program}`, argv);
    const container = /[0-9a-f]{64}/.exec(read('cgroup'))?.[0].slice(0, 12);
    this.search(`environment of ${program}${container === undefined ? '' : ` in ${container}`}`, environ);
  }
}
