import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine } from '../activities/docker/index.ts';
import { ensureHelperImage } from '../activities/volumes/index.ts';
import { benchData, inContainer } from './backup-data.ts';
import { docker, kept, measure, steps, type Step, type Took } from './backup-steps.ts';
import { benchService, type BenchService } from './bench-service.ts';
import { median, print } from './figures.ts';

/**
 * What to measure, for who looks for the time that one thing takes: `SWITCHBACK_BENCH_ROUNDS=1 SWITCHBACK_BENCH_DATA=small` and a
 * `SWITCHBACK_BENCH_SHARE=0.1` of it. The figures that count are those without any of them.
 */
const { SWITCHBACK_BENCH_ROUNDS: rounds = '3', SWITCHBACK_BENCH_SHARE: share = '1' } = process.env;
const names = process.env['SWITCHBACK_BENCH_DATA']?.split(',') ?? Object.keys(benchData);

/**
 * Backup and restore of a volume as whole runs of the service, against the documents' `docker run … tar czf` and `tar xzf`, against
 * `tar | zstd -T0 -3` in a container (what hashing, manifest and orchestration add to that), and against what no restore can be faster
 * than: the same files copied by `cp` until they are on disk. All read from the page cache.
 */
export async function backup(): Promise<void> {
  await ensureHelperImage(new DockerEngine());
  const home = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  const target = `bench-${process.pid}`;
  const service = await benchService(home, target);
  try {
    await warmUp(service, `${target}-warm`);
    for (const name of names) {
      const make = benchData[name as keyof typeof benchData];
      if (!make) throw new Error(`there is no data set ${name}; there are: ${Object.keys(benchData).join(', ')}`);
      const volume = `${target}-${name}`;
      docker('volume', 'create', volume);
      try {
        inContainer(volume, home, ['bash', '-c', make(Number(share))]);
        const none = Object.keys(steps).map((step) => [step, []]);
        const took = { ...Object.fromEntries(none), load: [] } as Took;
        for (let round = 1; round <= Number(rounds); round += 1) {
          const sizes = await measure({ service, home, target, volume }, round, took);
          if (round === 1) tell(name, sizes);
        }
        conclude(name, took);
      } finally {
        for (const left of [volume, ...kept(target)]) docker('volume', 'rm', '--force', left);
      }
    }
  } finally {
    await service.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** A worker serves for weeks. What its first backup costs more, about a second, is printed, and is no backup's in particular. */
async function warmUp(service: BenchService, volume: string): Promise<void> {
  docker('volume', 'create', volume);
  try {
    const empty = () => ({
      kind: 'backupVolume' as const,
      input: { volume, point: 'a', quiesce: 'none' as const },
      effects: [],
    });
    const took = [await service.run('first', [empty()]), await service.run('second', [empty()])];
    const [first, second] = took.map((ms) => (ms / 1000).toFixed(2));
    process.stdout.write(`an empty volume: ${first} s by a worker that has just begun, then ${second} s\n`);
  } finally {
    docker('volume', 'rm', '--force', volume);
  }
}

function tell(name: string, megabytes: Record<string, number>): void {
  const shown = Object.entries(megabytes).map(([archive, size]) => `${archive} ${size.toFixed(1)}`);
  process.stdout.write(`${name}: MB: ${shown.join(', ')}\n`);
}

function conclude(name: string, took: Took): void {
  print(`${name}: load of the machine before each step`, took.load);
  for (const step of Object.keys(steps) as Step[]) {
    const ms = took[step];
    print(
      `${name}: ${step}, s`,
      ms.map((figure) => figure / 1000),
    );
  }
  for (const [step, ours] of Object.entries(steps) as [Step, 'backup' | 'restore'][]) {
    if (step !== ours) print(`${name}: ${ours}, times as fast as ${step}`, [median(took[step]) / median(took[ours])]);
  }
}
