import { listPoints } from '../../activities/points/read-point.ts';
import { wayBackOf, type WayBack } from '../../runbook/rehearsal.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { lookOf, sayWhatIsLost } from '../../runbook/guard/data-account.ts';
import { applicationKey } from '../../runbook/phase-applications.ts';
import { planRollback, type RollbackPlan } from '../../runbook/rollback.ts';
import { runsInPlay } from '../../runbook/rollback-scope.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { standingOperations, type TargetState } from '../../runbook/target-state.ts';
import type { Settings } from '../settings/settings.ts';
import { promiseOf, type RestorePromise } from './restorable.ts';
import { requireLocalTarget, sealedPlan } from './local-target.ts';

/** A recovery point that a restore would put in place of what is there. */
export interface RestoredPoint {
  resource: string;
  point: string;
  /** When its backup finished (ISO 8601): what was written later is lost. */
  takenAt?: string;
  bytes?: number;
  /** What its proof promises; absent when it was never restored as a test, or lies on another machine. */
  promise?: RestorePromise;
  /** Databases of the whole server that goes back, where the point is one of a server. */
  databases?: string[];
}

export interface RollbackPreview {
  target: string;
  plan: RollbackPlan;
  /** Time of the journal's newest line. */
  asOf: string;
  points: RestoredPoint[];
  /** What is known of the way back from each of the phases, by its id. */
  waysBack: Record<string, WayBack>;
  /** What the operations that go back saw of the data, one line each. */
  data: string[];
  /** Operations of the phases that go back which began and have no receipt. */
  standing: number;
}

/**
 * What a rollback would do now, from this machine's journal; nothing is touched.
 * @throws SwitchbackError `PreconditionFailed` when the journal is elsewhere or nothing stands, `PointOfNoReturn`
 */
export async function previewRollback(
  target: string,
  request: RollbackRequest,
  settings: Pick<Settings, 'home'>,
): Promise<RollbackPreview> {
  const local = await requireLocalTarget(target, settings);
  const sealed = await sealedPlan(local, settings);
  const plans = new Map<string, CompiledPlan>();
  for (const run of runsInPlay(local.state)) plans.set(run, await sealedPlan(local, settings, run));
  const plan = planRollback(local.state, {
    request,
    plan: sealed,
    ordinal: local.state.rollbacks + 1,
    planOf: (run) => plans.get(run),
  });
  const phases = new Set(plan.phases.map((phase) => phase.id));
  const going = new Set(plan.phases.map(({ id, run = '' }) => applicationKey(run, id)));
  const standing = standingOperations(local.state).filter(
    ({ status, run, operation }) => status === 'intended' && going.has(applicationKey(run, operation.phase)),
  );
  const seen = [...local.state.operations.values()]
    .filter(({ run, operation }) => going.has(applicationKey(run, operation.phase)))
    .map(({ prepared, receipt }) => lookOf(prepared.facts, receipt?.facts));
  const waysBack = Object.fromEntries(
    [...local.state.rehearsals].filter(([id]) => phases.has(id)).map(([id, found]) => [id, wayBackOf(found)]),
  );
  return {
    ...{ target, plan, asOf: local.asOf, waysBack },
    points: await withPromises(restoredPoints(plan, local.state), local.home.points, sealed.proofAgeSeconds),
    data: sayWhatIsLost(seen).lines,
    standing: standing.length,
  };
}

async function withPromises(points: RestoredPoint[], folder: string, proofAgeSeconds: number) {
  const found = new Map(
    (await listPoints(folder)).map(({ ref, point }) => [`${ref.run}/${ref.point}`, point?.manifest]),
  );
  return points.map((point) => {
    const promise = promiseOf(found.get(point.point), proofAgeSeconds);
    return promise ? { ...point, promise } : point;
  });
}

/** The recovery points that a plan restores, with what their receipts say of them. */
export function restoredPoints(plan: RollbackPlan, state: TargetState): RestoredPoint[] {
  return plan.operations.flatMap((operation) => {
    if (operation.kind !== 'restoreStore' && operation.kind !== 'restoreVolume') return [];
    const { point } = operation.input;
    const backup = [...state.operations.values()].find((known) => known.receipt?.facts['point'] === point);
    const { bytes, databases } = backup?.receipt?.facts ?? {};
    return [
      {
        resource:
          operation.kind === 'restoreStore' ? `store:${operation.input.store}` : `volume:${operation.input.volume}`,
        point,
        ...(backup?.receipt && { takenAt: backup.receipt.finishedAt }),
        ...(typeof bytes === 'number' && { bytes }),
        ...(Array.isArray(databases) && { databases: databases.map(String) }),
      },
    ];
  });
}
