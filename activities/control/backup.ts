import { join } from 'node:path';
import type { BackupActivities, RunRef } from '../../runbook/activities.ts';
import {
  createOperations,
  proofOperation,
  pruneOperations,
  restoreOperation,
  type BackupTask,
  type PlannedBackup,
} from '../../runbook/backup-task.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { Operation } from '../../runbook/operations.ts';
import { momentOf, pointSet } from '../../runbook/point-set.ts';
import { decideRetention, isArchive, neededPoints } from '../../runbook/retention.ts';
import type { ComposeCli } from '../compose/index.ts';
import { isObjectName, type DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { effectContext, type Surroundings } from '../perform/effect-context.ts';
import type { SecretSource } from '../perform/secrets.ts';
import type { OpenTarget, TargetAccess } from '../perform/target-access.ts';
import { findPoint, readPoint, refOf, retainedPoints } from '../points/index.ts';
import type { StoreDrivers } from '../stores/registry.ts';
import { chooseBackups, requireStore } from './choose-backups.ts';
import { pointHolds } from '../../runbook/stores/point-kind.ts';

export interface BackupDependencies {
  access: TargetAccess;
  secrets: SecretSource;
  world: { engine: DockerEngine; compose?: ComposeCli; stores: StoreDrivers };
  inActivity<T>(work: (surroundings: Surroundings) => Promise<T>): Promise<T>;
}

/** What a planning activity sees of the target. */
interface Planning {
  target: OpenTarget;
  context: EffectContext;
  host: string;
  from: number;
}

/** Activities of work on recovery points outside of a run. They only look: what changes anything is an operation. */
export function backupActivities(dependencies: BackupDependencies): BackupActivities {
  const { access, secrets, world } = dependencies;
  return {
    planBackup: ({ run, task, from }) =>
      dependencies.inActivity(async (surroundings) => {
        const target = await access.open(run.target);
        const sealed = await target.sealedRun(run.runId);
        const context = effectContext(target, sealed, run, looking(run), 1, secrets, surroundings);
        const planning: Planning = { target, context, host: sealed.plan.stack.host, from };
        switch (task.do) {
          case 'create': {
            const chosen = await chooseBackups(task, world, context);
            return {
              operations: createOperations(chosen.sources, task.test, planning.host, from),
              notes: chosen.notes,
            };
          }
          case 'test':
            return planTest(task, planning);
          case 'restore':
            return planRestore(task, planning);
          case 'prune':
            return planPrune(task, planning);
        }
      }),
    recordSet: async ({ run, points }) => {
      const target = await access.open(run.target);
      const moments = [];
      for (const id of points) {
        const point = await readPoint(target.home.points, refOf(id));
        if (point) moments.push(momentOf(point.manifest));
      }
      const set = pointSet(moments);
      if (!set) return null;
      const { runId, epoch } = run;
      await target.journal.append({ run: runId, epoch, key: `${runId}:set`, entries: [{ type: 'set-taken', set }] });
      return set;
    },
  };
}

const looking = (run: RunRef) =>
  ({ id: 'backup/plan', summary: `look up what ${run.runId} is about`, timeoutSeconds: 600 }) as Operation;

async function planTest(
  { points }: Extract<BackupTask, { do: 'test' }>,
  { target: { home }, context, host, from }: Planning,
): Promise<PlannedBackup> {
  const notes: string[] = [];
  const ids: string[] = [];
  if (points === 'all') {
    for (const point of await retainedPoints(home.points)) {
      if (point.state === 'failed' || point.state === 'damaged')
        notes.push(`${point.id} is ${point.state}: not tested`);
      else if (isArchive(point)) notes.push(`${point.id} holds single tables: there is no test for it`);
      else if (isOfOtherPlan(point.resource, context)) notes.push(`${point.id}: the plan has no ${point.resource} now`);
      else ids.push(point.id);
    }
  } else {
    for (const name of points) {
      const { manifest } = await findPoint(home.points, name, context.runId);
      ids.push(`${manifest.run}/${manifest.point}`);
    }
  }
  return { operations: ids.map((id, index) => proofOperation(from + index + 1, id, host)), notes };
}

const isOfOtherPlan = (resource: string, { plan }: EffectContext) =>
  resource.startsWith('store:') && !(resource.slice('store:'.length) in plan.stores);

async function planRestore(
  { point: name, do: _do, ...to }: Extract<BackupTask, { do: 'restore' }>,
  { target: { home }, context, host }: Planning,
): Promise<PlannedBackup> {
  const { manifest } = await findPoint(home.points, name, context.runId);
  const id = `${manifest.run}/${manifest.point}`;
  const { resource, kind } = manifest.source;
  if (isArchive({ kind })) {
    throw new SwitchbackError('Unsupported', `${id} holds single tables: it cannot take the place of ${resource}`, {
      hint: `Bring tables back by hand: \`pg_restore -d DATABASE ${join(home.points, id, 'dump')}\`.`,
    });
  }
  if (!resource.startsWith('store:') && (to.intoStore !== undefined || to.createRoles !== undefined)) {
    throw new SwitchbackError('Unsupported', `${id} is of ${resource}: it goes into no store, and needs no roles`, {
      hint: 'Without --into-store and --create-roles it is restored as the volume that it is.',
    });
  }
  if (to.at !== undefined && (pointHolds(kind) !== 'server' || to.into !== undefined || to.intoStore !== undefined)) {
    throw new SwitchbackError('Unsupported', `${id} (${kind}) cannot be brought to ${to.at} there`, {
      hint: 'Only a physical backup that was taken with its log is, and only in its own place.',
    });
  }
  if (to.intoStore !== undefined) requireStore(context.plan, to.intoStore);
  if (resource.startsWith('volume:') && to.into !== undefined && !isObjectName(to.into)) {
    throw new SwitchbackError('PlanInvalid', `${to.into} is no name for a volume`, {
      hint: 'Letters, digits, `_`, `.` and `-`, a letter or digit first.',
    });
  }
  return { operations: [restoreOperation(resource, id, host, to)], notes: [] };
}

async function planPrune(
  { retention }: Extract<BackupTask, { do: 'prune' }>,
  { target: { home, journal }, host, from }: Planning,
): Promise<PlannedBackup> {
  const needed = neededPoints(await journal.refresh());
  const verdicts = decideRetention(await retainedPoints(home.points), retention, needed, Date.now());
  const going = verdicts.filter(({ keep }) => !keep).map(({ point }) => point.id);
  return {
    // Also without any: what a killed prune has left is swept.
    operations: pruneOperations(going, host, from),
    notes: verdicts.flatMap(({ point, keep, why }) => (keep ? [`kept ${point.id}: ${why}`] : [])).slice(0, 200),
  };
}
