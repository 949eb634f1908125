import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine } from '../activities/docker/index.ts';
import { ensureResticImage } from '../activities/restic/index.ts';
import { ensureHelperImage } from '../activities/volumes/index.ts';
import { benchData, inContainer } from './backup-data.ts';
import { benchService } from './bench-service.ts';
import { median, print } from './figures.ts';

/** A round is the documents' way, then ours, both of what has not changed; all read from the page cache. */
const rounds = Number(process.env['SWITCHBACK_BENCH_ROUNDS'] ?? 3);
const docker = (...words: string[]) => execFileSync('docker', words, { encoding: 'utf8' }).trim();

/**
 * A second backup of a volume that has not changed, into a restic repository and as a whole run of the service, against the documents'
 * `docker run … tar czf` of the same 2 GiB, which knows no other way than to pack all of it again.
 */
export async function unchanged(): Promise<void> {
  const engine = new DockerEngine();
  await ensureHelperImage(engine);
  await ensureResticImage(engine);
  const home = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  const target = `bench-${process.pid}`;
  const password = join(home, 'password');
  writeFileSync(password, 'bench', { mode: 0o600 });
  const at = join(home, 'repository');
  const service = await benchService(home, target, { kind: 'restic', at, password: `\${file:${password}}` });
  const volume = `${target}-mixed`;
  docker('volume', 'create', volume);
  const took: Record<'tgz' | 'first' | 'second' | 'load', number[]> = { tgz: [], first: [], second: [], load: [] };
  const timed = async (into: number[], work: () => unknown) => {
    // What an earlier step left for the disk is not this one's to write.
    execFileSync('sync');
    took.load.push(loadavg()[0]!);
    const began = performance.now();
    await work();
    into.push((performance.now() - began) / 1000);
  };
  const backup = (run: string) => {
    const input = { volume, point: 'a', quiesce: 'none' as const };
    return service.run(run, [{ kind: 'backupVolume', input, effects: [] }]);
  };
  try {
    inContainer(volume, home, ['bash', '-c', benchData.mixed(1)]);
    await timed(took.first, () => backup('first'));
    for (let round = 1; round <= rounds; round += 1) {
      await timed(took.tgz, () => inContainer(volume, home, ['tar', 'czf', '/backup/docs.tgz', '-C', '/data', '.']));
      await timed(took.second, () => backup(`second-${round}`));
    }
    print('load of the machine before each step', took.load);
    print("documents' tar czf, s", took.tgz);
    print('first backup, the whole run, s', took.first);
    print('second backup of the same, the whole run, s', took.second);
    print("of the time of the documents' backup", [median(took.second) / median(took.tgz)]);
  } finally {
    docker('volume', 'rm', '--force', volume);
    await service.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
