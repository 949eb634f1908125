import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measurement } from '../../activities/resources/measure-services.ts';
import { targetHome } from '../../journal/target-home.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { UsageError } from '../command-line/usage-error.ts';
import type { Settings } from '../settings/settings.ts';

/** Measurements that phases have left in the target's records, oldest first. */
export async function readMeasurements(
  target: string,
  { home }: Pick<Settings, 'home'>,
  phase?: string,
): Promise<Measurement[]> {
  const folder = join(targetHome(target, { SWITCHBACK_HOME: home }).records, 'resources');
  const files = await filesOf(folder);
  const names = files.map((file) => file.replace(/\.json$/, ''));
  if (phase !== undefined && !names.includes(phase)) {
    throw new UsageError(
      `phase ${phase} has left no measurement in ${folder}`,
      `Measured phases: ${names.join(', ') || 'none'}.`,
    );
  }
  const wanted = phase === undefined ? files : [`${phase}.json`];
  const read = await Promise.all(wanted.map((file) => readMeasurement(join(folder, file))));
  return read.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readMeasurement(file: string): Promise<Measurement> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Measurement;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SwitchbackError('IntegrityFailed', `${file} is damaged: ${error.message}`, {
      hint: 'Nothing depends on it: remove it, or measure again with --live.',
    });
  }
}

/** Measures the running containers of a target's project on this machine. @throws SwitchbackError `Unreachable` */
export async function measureNow(target: string, signal: AbortSignal): Promise<Measurement> {
  // The Docker client takes longest to load; nobody else needs it.
  const [{ DockerEngine }, { measureServices }] = await Promise.all([
    import('../../activities/docker/index.ts'),
    import('../../activities/resources/index.ts'),
  ]);
  const measurement = await measureServices(new DockerEngine(), target, 'now', { signal });
  if (measurement.services.length > 0) return measurement;
  throw new SwitchbackError(
    'PreconditionFailed',
    `no container of project ${target} runs on this machine's Docker engine`,
    {
      hint: 'Ask on the host where the stack runs.',
    },
  );
}
