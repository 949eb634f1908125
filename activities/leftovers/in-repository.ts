import { rm } from 'node:fs/promises';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { listPoints } from '../points/index.ts';
import { forgetSnapshots, listSnapshots, tagOf, type ListedSnapshot, type Reach } from '../restic/index.ts';
import { helperJob, type HelperJob } from '../volumes/index.ts';
import type { Leftover } from './leftover.ts';

/**
 * Snapshots of the target in its plan's repository that no recovery point names: those of attempts that were killed before they sealed.
 * One whose operation did seal, or which this journal knows nothing of, may be all that is left of a lost home: a person looks at it.
 */
export async function leftInRepository(
  engine: DockerEngine,
  context: EffectContext,
  state: TargetState,
): Promise<{ left: Leftover[]; silent: string[] }> {
  const { repository } = context.plan;
  const points = await listPoints(context.home.points);
  // A repository that was never written to is none yet, and is not asked for one.
  if (repository === undefined || !everBackedUp(state)) return { left: [], silent: [] };
  const reach: Reach = { repository, secret: (template) => context.secret(template) };
  const { target, home, signal } = context;
  const owner = { target, runId: 'reconcile', operationId: 'look', scratch: home.scratch, signal };
  const withJob = async <T>(work: (job: HelperJob) => Promise<T>): Promise<T> => {
    const job = await helperJob(engine, { ...owner, log: (text) => context.log(text) }, 600_000);
    // What it leaves would be a leftover itself.
    return work(job).finally(() => rm(job.scratch, { recursive: true, force: true }));
  };
  try {
    const named = new Set(points.flatMap(({ point }) => point?.manifest.at?.snapshot ?? []));
    const orphans = (await withJob((job) => listSnapshots(job, reach, target))).filter(({ id }) => !named.has(id));
    return {
      left: orphans.map((orphan) => ({
        what: `snapshot ${orphan.id.slice(0, 12)} in ${repository.at}`,
        ...judged(orphan, state),
        ...(isOurs(orphan, state) && { tidy: () => withJob((job) => forgetSnapshots(job, reach, [orphan.id])) }),
      })),
      silent: [],
    };
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    return { left: [], silent: [`repository ${repository.at}: ${error.message}`] };
  }
}

const everBackedUp = (state: TargetState) =>
  [...state.operations.values()].some(({ operation }) => ['backupVolume', 'backupStore'].includes(operation.kind));

function judged(orphan: ListedSnapshot, state: TargetState): { why: string; command?: string } {
  const [run = 'an unknown run', point = 'an unknown point'] = [tagOf(orphan, 'run'), tagOf(orphan, 'point')];
  if (isOurs(orphan, state)) return { why: `of ${run}/${point}, which was never sealed or has been pruned` };
  return {
    why: `of ${run}/${point}, whose manifest is not in this home: yours to remove`,
    command: `restic forget ${orphan.id.slice(0, 12)}`,
  };
}

/** Whether the journal knows its operation, and that nothing good came of it or that it was pruned. */
function isOurs(orphan: ListedSnapshot, state: TargetState): boolean {
  const [run, operation, point] = [tagOf(orphan, 'run'), tagOf(orphan, 'operation'), tagOf(orphan, 'point')];
  if (run === undefined || operation === undefined) return false;
  const known = [...state.operations.values()].find((each) => each.run === run && each.operation.id === operation);
  if (known === undefined) return false;
  const { snapshot } = known.receipt?.facts ?? {};
  if (snapshot !== orphan.id) return true;
  return [...state.operations.values()].some(
    ({ operation: other }) => other.kind === 'prunePoints' && other.input.points.includes(`${run}/${point ?? ''}`),
  );
}
