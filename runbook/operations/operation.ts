import type { Json } from '../json.ts';

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
 * `store:STORE` or `store:STORE/SCHEMA.TABLE`, `database:NAME`, `tag:NAME`, `branch:NAME`, `point:ID`, `network:NAME`,
 * `object:CLUSTER/KIND/NAME`.
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

/**
 * The input of every kind of operation, which the file of each kind adds. A kind is also the name of the activity that performs it.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- each kind adds its own line
export interface OperationInputs {}
export type OperationKind = keyof OperationInputs;

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
    /**
     * It stops before its commit where it would destroy data: the loss was not confirmed. Absent where it was, and in rollbacks that were
     * planned before there was this word: they archive what goes, and run.
     */
    keepsData?: true;
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
