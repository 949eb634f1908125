import type { Check } from './checks.ts';
import type { Json } from './json.ts';

/** The life of a phase, in order. */
export const stages = [
  'preflight',
  'backup',
  'rehearse',
  'apply',
  'dual-run',
  'gate',
  'cutover',
  'verify',
  'bake',
  'complete',
] as const;
export type Stage = (typeof stages)[number] | 'before' | 'rollback';

/**
 * What an operation touches. Resources are written `volume:NAME`, `service:NAME`, `file:PATH` (relative to the stack),
 * `store:STORE` or `store:STORE/SCHEMA.TABLE`, `database:NAME`, `tag:NAME`, `branch:NAME`, `point:ID`, `network:NAME`.
 */
export interface Effect {
  resource: string;
  change: 'create' | 'update' | 'replace' | 'remove' | 'stop' | 'read';
}

/** How an operation is taken back. Resolved completely (with contents by digest) when the operation's intent is journalled. */
export type Undo =
  /** Run another operation. `lossy`: it discards data, which is archived first, and never runs unless asked for. */
  | {
      by: 'operation';
      summary: string;
      lossy: boolean;
      kind: OperationKind;
      input: OperationInputs[OperationKind];
      effects: Effect[];
    }
  /** On purpose nothing: what was added stays, because the old version does not mind it. */
  | { by: 'keeping'; summary: string }
  /** There is nothing to take back: the operation only reads, or makes something that disturbs nobody. */
  | { by: 'nothing'; summary: string }
  /** There is no way back past this operation. `cause` says why. */
  | { by: 'impossible'; summary: string; cause: string };

/** Where a checkpoint's contents come from: a path of the sealed plan, or a digest in the target's content store. */
export type ContentRef =
  | { path: string }
  /** `mode`: permission bits, where they are known; `link`: the content is the target of a symbolic link. */
  | { digest: string; path: string; mode?: number; link?: true }
  | { absent: true; path: string };

export interface Comparison {
  left: { store: string; query: string };
  right: { store: string; query: string };
  key: string[];
}

export interface Trigger {
  /** So many failed samples in a row fire the trigger. */
  healthFailures: number;
  decide: 'freeze' | 'quick' | 'full' | 'emergency' | 'assess';
}

export type PreflightCheck =
  | { check: 'docker' }
  | { check: 'checkpoint-files'; compose: string; env?: string }
  /** The active files still hold what the last checkpoint put there. */
  | { check: 'drift' }
  | { check: 'images'; compose: string; env?: string }
  | { check: 'previous-tag'; tag: string }
  | { check: 'tag-free'; tag: string }
  | { check: 'git-clean'; paths: string[] }
  | { check: 'store'; store: string }
  | { check: 'volume'; volume: string }
  /** `servers`: stores whose whole servers are backed up. */
  | { check: 'room'; volumes: string[]; stores: string[]; servers?: string[] }
  /**
   * Every database of a server of the stack that a dump is taken of is in a point, too. `stores` are dumped; `servers` and `volumes` are
   * backed up as a whole. From version 2 of the operation on.
   */
  | { check: 'databases'; stores: string[]; servers: string[]; volumes: string[] }
  | { check: 'checkpoint-change'; compose: string; env?: string }
  /** The checks that were true at the end of the previous checkpoint are still true. */
  | { check: 'steady'; checks: Check[] };

export interface Budget {
  cpus?: number;
  memoryBytes?: number;
  services?: number;
  over: 'warn' | 'stop';
}

/** The input of every kind of operation. A kind is also the name of the activity that performs it. */
export interface OperationInputs {
  /** State before anything: commit, containers, networks; an annotated tag and a backup branch where asked for. */
  recordBefore: { tag?: string; branch?: string; push: boolean };
  checkPreflight: { checks: PreflightCheck[] };
  /** Sum of limits of the coming checkpoint against the budget and the host's free memory. */
  checkBudget: { compose: string; env?: string; budget?: Budget };
  backupVolume: { volume: string; point: string; quiesce: 'stop' | 'pause' | 'none' };
  /**
   * `physical`: the whole server that the store is in, by its files. `pointInTime`: its log is written down from then on, until the point is
   * pruned or the server is exchanged. From version 2 on.
   */
  backupStore: { store: string; point: string; method?: 'physical'; pointInTime?: true };
  /** Restores a recovery point into a scratch place and looks at what came out. */
  proveBackup: { point: string };
  /** Removes recovery points, each `RUN/POINT`: renamed away first, so that none is ever seen half. */
  prunePoints: { points: string[] };
  applySql: {
    store: string;
    source: { file: string } | { statement: string } | { digest: string };
    transactional: boolean;
    proof?: string;
    expand: boolean;
  };
  runContainer: { service: string; argv: string[]; timeoutSeconds: number };
  /** Brings paths to the state they have at a git ref. */
  restoreFiles: { ref: string; paths: string[] };
  /** Puts files back exactly as they were: the undo of `restoreFiles`. */
  putFilesBack: {
    files: ContentRef[];
    written: ContentRef[];
    /** Digest of `{files, written}` as JSON in the content store: lists of any length, which a Temporal payload has no room for. */
    manifest?: string;
  };
  /** Sets the image of one service in the active Compose file, and recreates that service alone. */
  switchImage: {
    service: string;
    image: string;
    /** What the image's name must still mean on the host. */
    imageId?: string;
  };
  /** Makes a checkpoint the active one and brings the stack to it. `checkpoint` names it for people and the journal. */
  applyCheckpoint: {
    checkpoint: string;
    compose: ContentRef;
    env?: ContentRef;
    /** Services to recreate although unchanged. */
    recreate?: string[];
    /** Image id that each service must run, where its tag may mean another image by now. */
    images?: Record<string, string>;
    /** Names of images in which the layers of containers are kept that were replaced; one that is there goes before `images`. */
    layers?: Record<string, string>;
    /** How many containers a service had, where somebody had scaled it to another number than its file says. */
    replicas?: Record<string, number>;
    /** Containers outside of the checkpoint that were stopped for another one, and run again with this one. */
    start?: string[];
  };
  compareDualRun: { comparisons: Comparison[]; forSeconds: number; everySeconds: number; pass: number };
  /** Checks until all hold `consecutive` times in a row, for `withinSeconds` at most. */
  runChecks: { checks: Check[]; withinSeconds: number; everySeconds: number; consecutive: number };
  watchBake: { checks: Check[]; forSeconds: number; everySeconds: number; triggers: Trigger[] };
  measureResources: { phase: string };
  tagCheckpoint: { tag: string; message: string; push: boolean };
  /** Takes back a tag if it still is the very object that was made; the object stays in the repository. */
  removeTag: { tag: string; object: string; pushed: boolean };
  /** Saves the active files and writes progress, decisions and lessons for the phase. */
  recordPhase: { phase: string; title: string };
  /**
   * Stops what may write to stores and volumes that are about to be restored: the version that runs now must not touch older data.
   * What serves those stores keeps running.
   */
  stopUsers: { stores: string[]; volumes: string[] };
  /**
   * Starts what an operation stopped, where no checkpoint that follows would. From version 2 on: `run` names another run's operation, and
   * `except` services that what follows starts.
   */
  startUsers: { stoppedBy: string; run?: string; except?: string[] };
  /** `into` names another volume to restore into. `putBack` names the volume in which an earlier restore kept what it replaced. */
  restoreVolume: { volume: string; point: string; into?: string; putBack?: string };
  restoreStore: {
    store: string;
    point: string;
    /** Instead of reading the point: bring back the database that an earlier restore replaced and kept under this name. */
    replaced?: string;
    /** The store that the point is of, where it is another one: its data moves to this one. From version 2 on, as what follows. */
    from?: string;
    /** Restore beside the store's database, under this name, which nothing has yet. */
    named?: string;
    /** Make roles that the point names and the server does not have. */
    createRoles?: true;
    /** Instead of reading the point: put `from`, in which an earlier restore of the whole server kept what it replaced, back into `volume`. */
    putBack?: { volume: string; from: string };
    /** How far the log of the point is followed: a time in ISO 8601, or `latest`. From version 3 on. */
    at?: string;
  };
}
export type OperationKind = keyof OperationInputs;

/** Versions of the kinds. What was ever released stays executable, so a new shape is a new version, never a change. */
export const operationVersion: Record<OperationKind, number> = {
  recordBefore: 1,
  // 2: the condition `databases`. What 1 says means the same.
  checkPreflight: 2,
  checkBudget: 1,
  backupVolume: 1,
  // 2: `pointInTime`. What 1 says means the same.
  backupStore: 2,
  proveBackup: 1,
  prunePoints: 1,
  applySql: 1,
  runContainer: 1,
  restoreFiles: 1,
  putFilesBack: 1,
  switchImage: 1,
  applyCheckpoint: 1,
  compareDualRun: 1,
  runChecks: 1,
  watchBake: 1,
  measureResources: 1,
  tagCheckpoint: 1,
  removeTag: 1,
  recordPhase: 1,
  stopUsers: 1,
  // 2: `run` and `except`. What 1 says means the same.
  startUsers: 2,
  restoreVolume: 1,
  // 2: `from`, `named` and `createRoles`. What 1 says means the same.
  // 3: `at`.
  restoreStore: 3,
};

/** Kinds that only look: they are run again freely and never need an intent. */
export const readOnlyKinds: readonly OperationKind[] = [
  'checkPreflight',
  'checkBudget',
  'compareDualRun',
  'runChecks',
  'watchBake',
];

/** An effect as data: what plans compile to, what workflows interpret, what the journal keeps. */
export type Operation<K extends OperationKind = OperationKind> = {
  [Kind in K]: {
    /** Unique in a run and the same on every compilation: `PHASE/STAGE/NN-KIND`. */
    id: string;
    kind: Kind;
    version: number;
    phase: string;
    stage: Stage;
    /** The host that it runs on. */
    host: string;
    /** One line in the operator's words, shown in the Temporal UI: at most 200 characters. */
    summary: string;
    input: OperationInputs[Kind];
    effects: Effect[];
    undo: Undo;
    /** How long one attempt may take, in seconds. */
    timeoutSeconds: number;
    /** The operations that this one takes back, as `RUN/OPERATION`, where it is an undo: several when checkpoints collapse. */
    undoes?: string[];
    /** What a restore takes back by the way, as `RUN/OPERATION`: it was done after the recovery point was taken. */
    covers?: string[];
    /** The run whose sealed plan and files it is performed with, where that is another one than its own: an undo belongs to what it undoes. */
    of?: string;
    /** It is done although what it takes back has taken no effect: something before it in the same rollback needs it. */
    always?: true;
  };
}[K];

/** The durable record of what an operation really did; undo works from receipts, never from the plan. */
export interface Receipt {
  operation: string;
  /** `kind@version`. */
  kind: string;
  /** `adopted`: an earlier attempt had done it; nothing was done again. */
  outcome: 'done' | 'adopted';
  /** One line of what was really done, with figures. */
  summary: string;
  /** SHA-256 of the effect's canonical description, without times and random ids: equal runs have equal digests. */
  effectDigest: string;
  undo: Undo;
  /** Facts for people and later operations; at most 16 KiB of JSON. */
  facts: { [key: string]: Json };
  startedAt: string;
  finishedAt: string;
}
