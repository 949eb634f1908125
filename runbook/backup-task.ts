import { formatSkew, type PointSet } from './point-set.ts';
import { operationVersion, type Operation, type OperationInputs, type OperationKind } from './operations.ts';
import { inOneWindow } from './operations/backup-volume.ts';
import type { FailureDetail } from './journal.ts';
import type { JsonObject } from './json.ts';
import type { Retention } from './retention.ts';

export type Quiesce = OperationInputs['backupVolume']['quiesce'];

/** Where a point goes, if not into the place of what it was taken of. */
export interface RestoreTo {
  /** A volume of another name, or a new database of this name beside the store's own. */
  into?: string;
  /** Another store of the plan, whose data it replaces. */
  intoStore?: string;
  /** Make roles that the point names and the server does not have. */
  createRoles?: true;
  /** How far the log of a physical point is followed: a time in ISO 8601, or `latest`. */
  at?: string;
}

/** Work on recovery points outside of any run. */
export type BackupTask =
  | {
      do: 'create';
      /** Those that are named; without any, all that the plan's stack names. */
      volumes?: string[];
      stores?: string[];
      /** Stores by the files of their servers, whatever the plan says. */
      physical?: true;
      /** With `physical`: and their logs from then on. */
      pointInTime?: true;
      /** How volumes are kept still, where the plan says nothing of them. */
      quiesce?: Quiesce;
      /** Restores each new point into a scratch place. */
      test: boolean;
      /** Tests all retained points of the target as well. */
      testRetained?: boolean;
      /** Prunes afterwards, if all went well. */
      retention?: Retention;
    }
  | { do: 'test'; points: string[] | 'all' }
  | ({ do: 'restore'; point: string } & RestoreTo)
  | { do: 'prune'; retention: Retention };

/** What a task amounts to on this target, looked up by the worker. */
export interface PlannedBackup {
  operations: Operation[];
  /** What is left out, and why; consequences. */
  notes: string[];
}

/** How one operation of a task ended. */
export interface BackupOutcome {
  operation: string;
  kind: OperationKind;
  /** `volume:NAME` or `store:NAME`, or the point that it is about. */
  about: string;
  summary: string;
  facts?: JsonObject;
  error?: FailureDetail;
  /** Not begun, since an earlier one failed. */
  skipped?: true;
  seconds: number;
}

export interface BackupResult {
  task: string;
  outcomes: BackupOutcome[];
  notes: string[];
  set?: PointSet;
}

/** Backups of large data take hours; a stuck one is noticed by its heartbeat, not by this limit. */
const longest = 12 * 3600;

/** What is to be backed up, in the order in which it is. */
export type ToBackUp =
  { volume: string; quiesce: Quiesce } | { store: string; method?: 'physical'; pointInTime?: true };

export const pointNameOf = (source: ToBackUp) =>
  'volume' in source ? `volume-${source.volume}` : `store-${source.store}`;

/** An operation of a task: numbered as in a phase, in no phase, so that no rollback takes it back. */
export function taskOperation<K extends OperationKind>(
  ordinal: number,
  kind: K,
  input: OperationInputs[K],
  host: string,
  rest: Pick<Operation, 'summary' | 'effects' | 'undo'>,
): Operation {
  return {
    id: `backup/${String(ordinal).padStart(2, '0')}-${kind}`,
    kind,
    version: operationVersion[kind],
    phase: '',
    stage: 'backup',
    host,
    input,
    timeoutSeconds: longest,
    ...rest,
    summary: rest.summary.slice(0, 200),
  } as Operation;
}

const stays = { by: 'nothing', summary: 'the recovery point stays; it disturbs nobody' } as const;
const howQuiet = { stop: ', its users stopped', pause: ', its users frozen', none: ', while it is in use' };

/** All backups first, so that they are close together in time; then each is proven. */
export function createOperations(sources: readonly ToBackUp[], test: boolean, host: string, from = 0): Operation[] {
  const backups = sources.map((source, index) => backupOperation(from + index + 1, source, host));
  const proofs = test
    ? sources.map((source, index) => proofOperation(from + sources.length + index + 1, pointNameOf(source), host))
    : [];
  return [...inOneWindow(backups), ...proofs];
}

function backupOperation(ordinal: number, source: ToBackUp, host: string): Operation {
  const point = pointNameOf(source);
  if ('store' in source) {
    const { store, method, pointInTime } = source;
    const input = { store, point, ...(method && { method }), ...(pointInTime && { pointInTime }) };
    return taskOperation(ordinal, 'backupStore', input, host, {
      summary: `back up the ${method ? 'whole server of the ' : ''}store ${store}${pointInTime ? ', and follow its log' : ''}`,
      effects: [
        { resource: `store:${source.store}`, change: 'read' },
        { resource: `point:${point}`, change: 'create' },
      ],
      undo: stays,
    });
  }
  const { volume, quiesce } = source;
  return taskOperation(ordinal, 'backupVolume', { volume, point, quiesce }, host, {
    summary: `back up the volume ${volume}${howQuiet[quiesce]}`,
    effects: [
      { resource: `volume:${volume}`, change: 'read' },
      { resource: `point:${point}`, change: 'create' },
    ],
    undo: stays,
  });
}

/** @param point of this task, or `RUN/POINT` */
export const proofOperation = (ordinal: number, point: string, host: string): Operation =>
  taskOperation(ordinal, 'proveBackup', { point }, host, {
    summary: `test that ${point} can be restored`,
    effects: [{ resource: `point:${point}`, change: 'read' }],
    undo: { by: 'nothing', summary: 'it restores into a scratch place and removes that again' },
  });

/** @param resource of the point: `volume:NAME` or `store:NAME` */
export function restoreOperation(resource: string, point: string, host: string, to: RestoreTo = {}): Operation {
  const name = resource.slice(resource.indexOf(':') + 1);
  if (resource.startsWith('store:')) return restoreStoreOperation(name, point, host, to);
  const { into } = to;
  const input = { volume: name, point, ...(into === undefined ? {} : { into }) };
  return taskOperation(1, 'restoreVolume', input, host, {
    summary: `restore the volume ${into ?? name} from ${point}`,
    effects: [{ resource: `volume:${into ?? name}`, change: 'replace' }],
    undo: kept,
  });
}

const kept = { by: 'nothing', summary: 'what it replaces is kept' } as const;

function restoreStoreOperation(
  name: string,
  point: string,
  host: string,
  { into, intoStore, createRoles, at }: RestoreTo,
): Operation {
  const store = intoStore ?? name;
  const input = {
    store,
    point,
    ...(store === name ? {} : { from: name }),
    ...(into === undefined ? {} : { named: into }),
    ...(createRoles === undefined ? {} : { createRoles }),
    ...(at === undefined ? {} : { at }),
  };
  const asOf = at === undefined ? '' : ` as of ${at}`;
  const beside = `restore ${point} as database ${into ?? ''} beside the store ${store}`;
  return taskOperation(1, 'restoreStore', input, host, {
    summary: into === undefined ? `restore the store ${store} from ${point}${asOf}` : beside,
    effects: [
      into === undefined
        ? { resource: `store:${store}`, change: 'replace' }
        : { resource: `database:${into}`, change: 'create' },
    ],
    undo: into === undefined ? kept : { by: 'keeping', summary: `database ${into} is new and disturbs nobody` },
  });
}

/** Points of one operation: its input travels through the journal. */
const prunedAtOnce = 200;

/** At least one, also for no points: it sweeps what an interrupted one has left. */
export function pruneOperations(points: readonly string[], host: string, from = 0): Operation[] {
  const operations: Operation[] = [];
  for (let start = 0; start === 0 || start < points.length; start += prunedAtOnce) {
    const some = points.slice(start, start + prunedAtOnce);
    operations.push(
      taskOperation(from + operations.length + 1, 'prunePoints', { points: some }, host, {
        summary: `remove ${some.length} recovery point${some.length === 1 ? '' : 's'} that nothing needs`,
        effects: some.map((point) => ({ resource: `point:${point}`, change: 'remove' })),
        undo: {
          by: 'impossible',
          summary: 'a removed recovery point does not come back',
          cause: 'its data is deleted',
        },
      }),
    );
  }
  return operations;
}

/** What an operation of a task is about, for people. */
export function aboutOf({ kind, input }: Operation): string {
  if (kind === 'backupVolume') return `volume:${input.volume}`;
  if (kind === 'backupStore') return `store:${input.store}`;
  if (kind === 'restoreVolume') return `volume:${input.into ?? input.volume}`;
  if (kind === 'restoreStore') return input.named === undefined ? `store:${input.store}` : `database:${input.named}`;
  if (kind === 'proveBackup') return input.point;
  return kind === 'prunePoints' ? input.points.join(', ').slice(0, 200) : '';
}

/** In a sentence: what a task did. */
export function describeTask({ outcomes, set }: BackupResult): string {
  const failed = outcomes.filter(({ error }) => error !== undefined);
  const done = outcomes.filter(({ error, skipped }) => !error && !skipped);
  const words = [`${done.length} of ${outcomes.length} done`];
  if (failed.length > 0) words.push(`${failed.length} failed: ${failed[0]?.error?.message ?? ''}`);
  if (set && set.points.length > 1) words.push(formatSkew(set));
  return words.join('; ');
}
