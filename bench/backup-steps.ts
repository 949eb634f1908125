import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { helperImage } from '../activities/volumes/index.ts';
import type { PointManifest } from '../activities/points/index.ts';
import { targetHome } from '../journal/target-home.ts';
import { inContainer } from './backup-data.ts';
import type { BenchService } from './bench-service.ts';

/** What is measured, each in milliseconds. `to disk`: until all of it is there, as a restore of ours is. */
export const steps = {
  'tar czf': 'backup',
  'tar | zstd': 'backup',
  backup: 'backup',
  'tar xzf': 'restore',
  'tar xzf to disk': 'restore',
  'zstd | tar to disk': 'restore',
  'cp to disk': 'restore',
  restore: 'restore',
} as const;
export type Step = keyof typeof steps;
export type Took = Record<Step | 'load', number[]>;

export interface Bench {
  service: BenchService;
  home: string;
  target: string;
  volume: string;
}

export const docker = (...words: string[]) => execFileSync('docker', words, { encoding: 'utf8' }).trim();

/** Volumes that restores have kept. */
export const kept = (target: string) =>
  docker('volume', 'ls', '--quiet', '--filter', `label=io.switchback.target=${target}`).split('\n').filter(Boolean);

/** One round: the documents' way, the bare pipeline, and ours, one after the other. Returns the megabytes of each archive. */
export async function measure(at: Bench, round: number, took: Took): Promise<Record<string, number>> {
  const { service, home, target, volume } = at;
  const other = `${volume}-other`;
  const timed = async (step: Step, work: () => unknown) => {
    // What an earlier step left for the disk is not this one's to write.
    execFileSync('sync');
    took.load.push(loadavg()[0]!);
    const began = performance.now();
    await work();
    took[step].push(performance.now() - began);
    process.stdout.write(`${volume}, round ${round}: ${step} ${(took[step].at(-1)! / 1000).toFixed(1)} s\n`);
  };
  const into = async (step: Step, command: string, image?: string) => {
    docker('volume', 'create', other);
    await timed(step, () => inContainer(other, home, ['bash', '-c', command], image, [`${volume}:/from:ro`]));
    docker('volume', 'rm', '--force', other);
  };
  const [saved, restored] = [`backup-${round}`, `restore-${round}`].map(
    (name) => `${volume.split('-').at(-1)}-${name}`,
  );
  await timed('tar czf', () => inContainer(volume, home, ['tar', 'czf', '/backup/docs.tgz', '-C', '/data', '.']));
  const pack = 'tar -cf - -C /data . | zstd --quiet -T0 -3 --force -o /backup/bare.tar.zst';
  await timed('tar | zstd', () => inContainer(volume, home, ['bash', '-c', pack], helperImage));
  const input = { volume, point: 'a', quiesce: 'none' as const };
  await timed('backup', () => service.run(saved!, [{ kind: 'backupVolume', input, effects: [] }]));
  await into('tar xzf', 'tar xzf /backup/docs.tgz -C /data');
  await into('tar xzf to disk', 'tar xzf /backup/docs.tgz -C /data && sync -f /data');
  await into('zstd | tar to disk', 'zstd -dc /backup/bare.tar.zst | tar -xf - -C /data && sync -f /data', helperImage);
  await into('cp to disk', 'cp -a /from/. /data/ && sync -f /data');
  const effects = [{ resource: `volume:${volume}`, change: 'replace' as const }];
  const restore = { kind: 'restoreVolume' as const, input: { volume, point: `${saved}/a` }, effects };
  await timed('restore', () => service.run(restored!, [restore]));
  for (const name of kept(target)) docker('volume', 'rm', '--force', name);
  const point = join(targetHome(target, { SWITCHBACK_HOME: home }).points, saved!);
  const manifest = JSON.parse(readFileSync(join(point, 'a', 'manifest.json'), 'utf8')) as PointManifest;
  rmSync(point, { recursive: true });
  const megabytes = (file: string) => statSync(join(home, file)).size / 1e6;
  return {
    ours: manifest.parts[0]!.bytes / 1e6,
    'tar czf': megabytes('docs.tgz'),
    'tar | zstd': megabytes('bare.tar.zst'),
  };
}
