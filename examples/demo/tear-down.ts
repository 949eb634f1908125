import { rm } from 'node:fs/promises';
import { stopProcess } from '../../client/local/start-process.ts';
import { takeDown } from '../../client/local/up.ts';
import { labels } from '../../runbook/names.ts';
import { readRecord, refuseOther } from './claim.ts';
import { docker, dockerList } from './docker.ts';
import { demoLabel, type Place } from './place.ts';

/** What was cleared away, by kind; all zero when there was nothing. */
export interface Cleared {
  processes: number;
  containers: number;
  volumes: number;
  networks: number;
}

/**
 * Takes a demo of this place down, whoever made it, finished or killed: processes by what was written down about them, containers,
 * volumes and networks by their labels, and the scratch folder at last. Goes on after a step that fails.
 * @throws AggregateError with what could not be cleared away
 */
export async function tearDown(place: Place): Promise<Cleared> {
  await refuseOther(place);
  const cleared: Cleared = { processes: 0, containers: 0, volumes: 0, networks: 0 };
  const problems: unknown[] = [];
  const step = async (work: () => Promise<void>) => {
    await work().catch((problem: unknown) => void problems.push(problem));
  };
  await step(async () => {
    const record = await readRecord(place);
    if (await stopProcess(record?.load, 2_000)) cleared.processes += 1;
  });
  // The worker before the containers: it would take their end for a failure.
  await step(async () => {
    cleared.processes += (await takeDown(place.home, () => undefined)).length;
  });
  await step(async () => {
    const found = await byLabels(place, (label) => ['ps', '--all', '--quiet', '--filter', label]);
    if (found.length > 0) await docker(['rm', '--force', '--volumes', ...found]);
    cleared.containers = found.length;
  });
  await step(async () => {
    const found = await byLabels(place, (label) => ['volume', 'ls', '--quiet', '--filter', label]);
    if (found.length > 0) await docker(['volume', 'rm', ...found]);
    cleared.volumes = found.length;
  });
  await step(async () => {
    const found = await byLabels(place, (label) => ['network', 'ls', '--quiet', '--filter', label]);
    if (found.length > 0) await docker(['network', 'rm', ...found]);
    cleared.networks = found.length;
  });
  await step(async () => {
    const kept = ['keep', 'layer'].map((what) => `reference=switchback-${what}/${place.project}`);
    const list = ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', ...kept.flatMap((one) => ['--filter', one])];
    const found = await dockerList(list);
    if (found.length > 0) await docker(['image', 'rm', ...found]);
  });
  // Last of all, and only when all else is gone: it has the records by which the rest is found.
  if (problems.length === 0) await step(() => rm(place.scratch, { recursive: true, force: true }));
  if (problems.length > 0) {
    const said = problems.map((problem) => (problem instanceof Error ? problem.message : String(problem)));
    throw new AggregateError(problems, `not everything could be cleared away: ${said.join('; ')}`);
  }
  return cleared;
}

/** The shop's by Compose's label, Switchback's helpers by the target's, our own by the demo's. */
async function byLabels({ project, id }: Place, list: (label: string) => string[]): Promise<string[]> {
  const wanted = [`com.docker.compose.project=${project}`, `${labels.target}=${project}`, `${demoLabel}=${id}`];
  const found = await Promise.all(wanted.map((label) => dockerList(list(`label=${label}`))));
  return [...new Set(found.flat())];
}
