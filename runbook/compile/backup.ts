import { dockerName } from '../plan/index.ts';
import { summaryLine, type OperationDraft } from '../steps/index.ts';
import { pointId, type PlacedPhase } from './context.ts';

/** Recovery points of a phase: all are written first, then each is proven, so that they are close together in time. */
export function backupDrafts(placed: PlacedPhase, project: string): OperationDraft[] {
  const { phase } = placed;
  const points = phase.backup.map((backup) => ({ backup, point: pointId(phase.id, backup) }));
  return [
    ...points.map(({ backup, point }): OperationDraft =>
      'volume' in backup ? volumeDraft(placed, backup, point, project) : storeDraft(backup, point),
    ),
    ...points.map(({ point }): OperationDraft => proofDraft(point)),
  ];
}

/** Backups of large volumes take hours; a stuck one is noticed by its heartbeat, not by this limit. */
const backupSeconds = 12 * 3600;
const stays = { by: 'nothing', summary: 'the recovery point stays; it disturbs nobody' } as const;

function volumeDraft(
  placed: PlacedPhase,
  backup: { volume: string; quiesce: 'stop' | 'pause' | 'none' },
  point: string,
  project: string,
): OperationDraft<'backupVolume'> {
  const users = backup.quiesce === 'none' ? [] : usersOf(placed, backup.volume, project);
  const how = { stop: ', its users stopped', pause: ', its users paused', none: '' }[backup.quiesce];
  return {
    kind: 'backupVolume',
    summary: summaryLine(`back up the volume ${backup.volume} to ${point}${how}`),
    input: { volume: backup.volume, point, quiesce: backup.quiesce },
    effects: [
      { resource: `volume:${backup.volume}`, change: 'read' },
      { resource: `point:${point}`, change: 'create' },
      ...users.map((service) => ({ resource: `service:${service}`, change: 'stop' as const })),
    ],
    undo: stays,
    timeoutSeconds: backupSeconds,
  };
}

function storeDraft(
  { store, method, pointInTime }: { store: string; method: 'logical' | 'physical'; pointInTime?: boolean },
  point: string,
): OperationDraft<'backupStore'> {
  const physical = method === 'physical';
  return {
    kind: 'backupStore',
    summary: summaryLine(
      `back up the ${physical ? 'whole server of the ' : ''}store ${store} to ${point}${pointInTime ? ', and follow its log' : ''}`,
    ),
    input: { store, point, ...(physical ? { method } : {}), ...(pointInTime ? { pointInTime } : {}) },
    effects: [
      { resource: `store:${store}`, change: 'read' },
      { resource: `point:${point}`, change: 'create' },
    ],
    undo: stays,
    timeoutSeconds: backupSeconds,
  };
}

function proofDraft(point: string): OperationDraft<'proveBackup'> {
  return {
    kind: 'proveBackup',
    summary: summaryLine(`prove that ${point} can be restored`),
    input: { point },
    effects: [{ resource: `point:${point}`, change: 'read' }],
    undo: { by: 'nothing', summary: 'it restores into a scratch place and removes that again' },
    timeoutSeconds: backupSeconds,
  };
}

/** Services that mount the volume, as far as the active Compose file says. */
function usersOf({ before }: PlacedPhase, volume: string, project: string): string[] {
  const { facts } = before;
  if (facts === undefined) return [];
  return Object.values(facts.services)
    .filter(({ mounts }) =>
      mounts.some(({ type, source }) => {
        const found = type === 'volume' && source !== undefined ? facts.volumes[source] : undefined;
        return found !== undefined && dockerName(project, found) === volume;
      }),
    )
    .map(({ name }) => name);
}
