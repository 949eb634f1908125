import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { OperationKind, Undo } from '../../runbook/operations.ts';
import { outlinedPlan } from '../workflows/compiled-plan.ts';

export type Below = (limit: number) => number;

type Outlined = Parameters<typeof outlinedPlan>[2][number]['operations'][number];

const undoBy = (kind: OperationKind, input: object, lossy = false): Undo =>
  ({ by: 'operation', summary: `undo ${kind}`, lossy, kind, input, effects: [] }) as unknown as Undo;

const undoOf = (below: Below, kind: OperationKind, input: object): Undo => {
  const dice = below(10);
  if (dice < 5) return undoBy(kind, input);
  if (dice < 7) return undoBy(kind, input, true);
  if (dice < 9) return { by: 'keeping', summary: 'it stays' };
  return { by: 'impossible', summary: 'gone', cause: 'it was dropped' };
};

function operation(below: Below, version: string): Outlined {
  const store = below(2) === 0 ? 'db' : 'logs';
  switch (below(7)) {
    case 0:
    case 1:
      return {
        stage: 'apply',
        kind: 'applySql',
        input: { store, source: { statement: version }, transactional: true, expand: false },
        undo: undoOf(below, 'applySql', { store, source: { digest: version }, transactional: true, expand: false }),
      };
    case 2:
      return {
        stage: 'apply',
        kind: 'runContainer',
        input: { service: 'api', argv: [version], timeoutSeconds: 1 },
        undo: undoBy('runContainer', { service: 'api', argv: ['undo'], timeoutSeconds: 1 }),
      };
    case 3:
      return {
        stage: 'apply',
        kind: 'restoreFiles',
        input: { ref: version, paths: ['config'] },
        undo: undoBy('putFilesBack', { files: [], written: [] }),
      };
    case 4: {
      const service = below(2) === 0 ? 'api' : 'web';
      return {
        stage: 'apply',
        kind: 'switchImage',
        input: { service, image: `${service}:${version}` },
        undo: undoBy('switchImage', { service, image: '' }),
      };
    }
    default:
      return {
        stage: 'cutover',
        kind: 'applyCheckpoint',
        input: { checkpoint: version, compose: { path: 'c' } },
        undo: undoBy('applyCheckpoint', {}),
      };
  }
}

const backups: readonly Outlined[] = [
  { stage: 'backup', kind: 'backupStore', input: { store: 'db', point: 'db' } },
  { stage: 'backup', kind: 'backupStore', input: { store: 'logs', point: 'logs' } },
  { stage: 'backup', kind: 'backupVolume', input: { volume: 'files', point: 'files', quiesce: 'stop' } },
];

/** A plan of one to three phases. Names and ids are few, so that plans are edited, renamed and share ids. */
export function randomPlan(below: Below): CompiledPlan {
  const ids = ['a', 'b', 'c', 'd'].sort(() => below(3) - 1).slice(0, 1 + below(3));
  const outlines = ids.map((id) => ({
    id,
    operations: [
      ...backups
        .filter(() => below(2) === 0)
        .map((each) => ({
          ...each,
          input: { ...each.input, point: `${id}-${(each.input as { point: string }).point}` },
        })),
      ...Array.from({ length: 1 + below(4) }, () => operation(below, String(1 + below(6)))),
    ],
  }));
  const plan = outlinedPlan('shop', '/stack', outlines);
  const one = plan.phases.map((phase) => ({
    ...phase,
    verify: [{ kind: 'services' as const, count: 1 + below(9), healthy: true }],
    stages: phase.stages.map((stage) => ({
      ...stage,
      operations: stage.operations.map((each) =>
        each.kind === 'runContainer'
          ? { ...each, effects: [{ resource: 'store:db', change: 'update' as const }] }
          : each,
      ),
    })),
  }));
  return {
    ...plan,
    name: `plan-${below(3)}`,
    stores: { db: { kind: 'postgres', url: 'postgres://h/db' }, logs: { kind: 'postgres', url: 'postgres://h/logs' } },
    phases: one,
    protect: below(3) === 0 ? [{ volume: 'files' }] : [],
  };
}
