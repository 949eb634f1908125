import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine } from '../activities/docker/index.ts';
import { ensureHelperImage, helperImage } from '../activities/volumes/index.ts';
import type { PointManifest } from '../activities/points/index.ts';
import { targetHome } from '../journal/target-home.ts';
import { benchData, inContainer } from './backup-data.ts';
import { benchService, type BenchService } from './bench-service.ts';
import { median, print } from './figures.ts';

/** A round is the documents' way, the bare pipeline, and ours, one after the other; all read from the page cache. */
const rounds = Number(process.env['SWITCHBACK_BENCH_ROUNDS'] ?? 3);
const docker = (...words: string[]) => execFileSync('docker', words, { encoding: 'utf8' }).trim();

/**
 * Backup and restore of a volume as whole runs of the service, against the documents' `docker run … tar czf` and `tar xzf`, and against
 * `tar | zstd -T0 -3` in a container: what hashing, manifest and orchestration add to that.
 */
export async function backup(): Promise<void> {
  await ensureHelperImage(new DockerEngine());
  const home = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  const target = `bench-${process.pid}`;
  const service = await benchService(home, target);
  try {
    for (const [what, script] of Object.entries(benchData)) {
      const volume = `${target}-${what}`;
      docker('volume', 'create', volume);
      try {
        inContainer(volume, home, ['bash', '-c', script]);
        await measure(service, what, volume, home, target);
      } finally {
        for (const name of [volume, ...kept(target)]) docker('volume', 'rm', '--force', name);
      }
    }
  } finally {
    await service.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(
  service: BenchService,
  what: string,
  volume: string,
  home: string,
  target: string,
): Promise<void> {
  const took: Record<'tgz' | 'bare' | 'ours' | 'untgz' | 'untgzToDisk' | 'restore' | 'load', number[]> = {
    tgz: [],
    bare: [],
    ours: [],
    untgz: [],
    untgzToDisk: [],
    restore: [],
    load: [],
  };
  const { points } = targetHome(target, { SWITCHBACK_HOME: home });
  const other = `${volume}-other`;
  const effects = [{ resource: `volume:${volume}`, change: 'replace' as const }];
  for (let round = 1; round <= rounds; round += 1) {
    const timed = async (into: number[], work: () => unknown) => {
      // What an earlier step left for the disk is not this one's to write.
      execFileSync('sync');
      took.load.push(loadavg()[0]!);
      const began = performance.now();
      await work();
      into.push(performance.now() - began);
    };
    const untgz = async (into: number[], command: string[]) => {
      docker('volume', 'create', other);
      await timed(into, () => inContainer(other, home, command));
      docker('volume', 'rm', '--force', other);
    };
    await timed(took.tgz, () => inContainer(volume, home, ['tar', 'czf', '/backup/docs.tgz', '-C', '/data', '.']));
    const bare = 'tar -cf - -C /data . | zstd --quiet -T0 -3 --force -o /backup/bare.tar.zst';
    await timed(took.bare, () => inContainer(volume, home, ['bash', '-c', bare], helperImage));
    const [saved, restored] = [`${what}-backup-${round}`, `${what}-restore-${round}`];
    const point = { volume, point: 'a', quiesce: 'none' as const };
    await timed(took.ours, () => service.run(saved, [{ kind: 'backupVolume', input: point, effects: [] }]));
    await untgz(took.untgz, ['tar', 'xzf', '/backup/docs.tgz', '-C', '/data']);
    await untgz(took.untgzToDisk, ['sh', '-c', 'tar xzf /backup/docs.tgz -C /data && sync -f /data']);
    const input = { volume, point: `${saved}/a` };
    await timed(took.restore, () => service.run(restored, [{ kind: 'restoreVolume', input, effects }]));
    for (const name of kept(target)) docker('volume', 'rm', '--force', name);
    const manifest = JSON.parse(readFileSync(join(points, saved, 'a', 'manifest.json'), 'utf8')) as PointManifest;
    if (round === 1) {
      const sizes = [
        manifest.parts[0]!.bytes,
        statSync(join(home, 'docs.tgz')).size,
        statSync(join(home, 'bare.tar.zst')).size,
      ];
      const shown = sizes.map((bytes) => (bytes / 1e6).toFixed(1));
      process.stdout.write(`${what}: MB ours ${shown[0]}, documents' ${shown[1]}, bare pipeline ${shown[2]}\n`);
    }
    rmSync(join(points, saved), { recursive: true });
    const { load: _load, ...steps } = took;
    const latest = Object.entries(steps).map(([name, figures]) => `${name} ${(figures.at(-1)! / 1000).toFixed(1)}`);
    process.stdout.write(`${what}: round ${round}, s: ${latest.join(', ')}\n`);
  }
  const seconds = (figures: number[]) => figures.map((ms) => ms / 1000);
  const ratio = (name: string, a: number[], b: number[]) => print(name, [median(a) / median(b)]);
  print(`${what}: load of the machine before each step`, took.load);
  print(`${what}: documents' tar czf, s`, seconds(took.tgz));
  print(`${what}: bare tar | zstd -T0 -3, s`, seconds(took.bare));
  print(`${what}: backup, the whole run, s`, seconds(took.ours));
  ratio(`${what}: times as fast as the documents' backup`, took.tgz, took.ours);
  ratio(`${what}: of the bare pipeline's time`, took.ours, took.bare);
  print(`${what}: documents' tar xzf, s`, seconds(took.untgz));
  print(`${what}: documents' tar xzf until it is on disk, s`, seconds(took.untgzToDisk));
  print(`${what}: restore, the whole run, verified and on disk, s`, seconds(took.restore));
  ratio(`${what}: times as fast as the documents' restore`, took.untgz, took.restore);
  ratio(`${what}: times as fast as the documents' restore until it is on disk`, took.untgzToDisk, took.restore);
}

/** Volumes that restores have kept. */
function kept(target: string): string[] {
  return docker('volume', 'ls', '--quiet', '--filter', `label=io.switchback.target=${target}`)
    .split('\\n')
    .filter(Boolean);
}
