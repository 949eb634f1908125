import type { JsonObject } from '../../runbook/json.ts';
import type { Operation } from '../../runbook/operations.ts';
import type { StoreKindName, StoreRef } from '../../runbook/stores/index.ts';
import type { CompareSource } from '../comparison/compare-source.ts';
import type { EffectContext } from '../effect.ts';
import { encryptionOf } from '../encryption/index.ts';
import type { PointProver, StoredPoint } from '../points/index.ts';
import type { VolumeUser } from '../volumes/index.ts';
import type { PhysicalBackups } from './physical-backups.ts';
import type { SnapshotSource, Snapshot } from './snapshot.ts';
import type { StoreUse } from './store-use.ts';

export type { StoreUse } from './store-use.ts';

export type { SnapshotSource, Snapshot } from './snapshot.ts';

/** One step of SQL. */
export interface SqlStep {
  text: string;
  /** SHA-256 of the text. */
  digest: string;
  /** `RUN/OPERATION` of the steps that this one takes back; empty for one that goes forward. */
  undoes: readonly string[];
  /** It is refused before its commit where it would destroy rows or large objects. */
  keepsData?: true;
  /** For SQL that cannot run in a transaction: a query whose first value is true once it has been applied. */
  proof?: string;
  /** Keeps what an undo is about to destroy, as recovery point of this name. */
  archive?: Archive;
}

/** Where an undo's losses are kept. `keep` is called with a function that writes the files into a folder. */
export interface Archive {
  keep(source: SnapshotSource, write: (folder: string) => Promise<Snapshot>): Promise<{ point: string; bytes: number }>;
}

export interface SqlOutcome {
  /** Changed nothing: an attempt before had applied it. */
  adopted: boolean;
  statements: number;
  rows: number;
  tookMs: number;
  /** Names of what the step added, e.g. `public.orders.note`. */
  added: string[];
  /** What it changed in the server beside its database: roles, memberships, settings. Restoring the database does not take it back. */
  globals: string[];
  /** `notKept`: tables of which a dump holds no rows, since these lie on another server. */
  archived?: {
    point: string;
    tables: string[];
    rows: number;
    bytes: number;
    largeObjects?: number;
    notKept?: string[];
  };
}

/** Rows that a restore takes away, or would. */
export interface TableLoss {
  table: string;
  /** Rows that are in the live store and not in the point. */
  missing: number;
  /** Rows that are in both, with other values. */
  different: number;
  /** Rows that were deleted since, and come back. */
  returning: number;
}

export interface StateLoss {
  /** Rows that are lost or fall back to older values. */
  lostRows: number;
  /** How long before now the point was taken, in seconds. */
  lostSeconds: number;
  /** Tables in which anything differs. */
  tables: TableLoss[];
  /** `exact`: both sides were compared row by row. `at least`: only counts and fingerprints of chunks were. */
  measured: 'exact' | 'at least';
}

/** What a restore exchanges, worked out before anything is done. Kept with the intent. */
export type SwapPlan = {
  /** Identity of what is live before. */
  before: string;
  /** Where the restored data is built. */
  incoming: string;
  /** Where the replaced data is kept. */
  kept: string;
  /** Whether clients could connect. A door that somebody else has closed is not opened for them when a restore fails. */
  open: boolean;
  /** Nothing is exchanged: the restored data gets this name, which nothing has yet. */
  named?: string;
};

/** What a restore is asked for. */
export interface RestoreWish {
  /** What is restored. Without it, `replaced` is brought back. */
  point?: StoredPoint;
  /** What an earlier restore replaced, and kept under this name. */
  replaced?: string;
  /** The store that the point is of, where it is another one of the plan. */
  from?: string;
  /** Restores beside the live data, under this name, and leaves that alone. */
  named?: string;
  /** Makes roles that the point needs, and the server does not have. */
  createRoles?: boolean;
}

export interface RestoreOutcome {
  /** Identity of what is live now. */
  identity: string;
  loss: StateLoss;
  tookMs: number;
  /** How long nobody could write, in milliseconds. */
  fencedMs: number;
  /** Things that were not carried over, for people to look at. */
  warnings: string[];
}

export interface OperationName {
  run: string;
  operation: string;
}

/** Something in a store's server that an operation left behind. */
export interface StoreLeftover extends Partial<OperationName> {
  /** `scratch`: restored into, and of no use to anybody. `closed`: the live data, which lets no client in. */
  kind: 'scratch' | 'closed';
  name: string;
}

/** What was in a clone at one moment. The rows' keys and hashes stay in the clone; this says where. */
export interface StoreMark {
  /** Definitions, in the store's own terms. */
  definitions: JsonObject;
  tables: { [table: string]: { at: string; rows: number; columns: string[] } };
}

export interface MarkComparison {
  /** Definitions that the later moment has beyond the earlier one, in the words in which a step's receipt says what it added. */
  added: { object: string; what: string }[];
  /** Definitions that are gone, or other ones. */
  changed: { object: string; what: string }[];
  tables: { table: string; missing: number; different: number; more: number }[];
  /** What was compared, in one line. */
  compared: string;
}

/** What a store's server says of itself. */
export interface StoreSight {
  /** Unique to the server: what an identity begins with. */
  server: string;
  /** The store's own database. */
  database: string;
  /** Other databases of the server that hold something. */
  others: string[];
  /** Where the server keeps its data, by its own path; absent where the user may not know. */
  dataDirectory?: string;
}

/** What a store may be able to do, part by part. A kind says which it has in `runbook/stores/`; what it lacks is absent, not throwing. */
export interface StoreParts {
  /** Answers questions, and lets nothing be changed by them. */
  probe: {
    /** The single value of a query, as text. */
    value(query: string): Promise<string>;
  };
  backup: {
    /** Writes a consistent backup of one moment into an empty folder, with a fingerprint of what is in it. */
    snapshot(folder: string): Promise<Snapshot>;
  };
  /** Brings a backup back beside the live data and exchanges the two. */
  restore: {
    /** Works out what a restore exchanges, and that nothing stands in its way. Changes nothing. */
    plan(wish: RestoreWish): Promise<SwapPlan>;
    /** `old`: nothing was exchanged yet. `new`: all of it was. */
    state(plan: SwapPlan): Promise<'old' | 'new' | 'unknown'>;
    /** Restores beside the live data, compares, and exchanges the two. Without a point, `plan.incoming` is there already. */
    swap(plan: SwapPlan, wish: RestoreWish): Promise<RestoreOutcome>;
    /** What a restore that is known to have been done did. */
    describe(plan: SwapPlan): Promise<RestoreOutcome>;
    /** What these operations left behind. Changes nothing. */
    leftovers(operations: readonly OperationName[]): Promise<StoreLeftover[]>;
    /** Puts one of them right. Safe to call again. */
    clear(leftover: StoreLeftover): Promise<void>;
  };
  fingerprint: {
    /** What restoring a point would lose at this moment. Changes nothing. */
    loss(point: StoredPoint): Promise<StateLoss>;
  };
  /** Takes steps, each as a whole or not at all. */
  change: {
    /** Whether a step was applied and stands. */
    applied(step: SqlStep): Promise<boolean>;
    apply(step: SqlStep): Promise<SqlOutcome>;
  };
  compare: {
    /** A query's rows by key, as of one moment; where the other side is on the same database, as of the same moment. */
    source(query: string, beside?: CompareSource): Promise<CompareSource>;
  };
  /** For clones. */
  rehearse: {
    /** Fills a clone's store, which is new and holds nothing of worth, from a point of the original. */
    seed(point: StoredPoint): Promise<void>;
    /** Remembers what a clone holds, in the clone itself. `like`: of tables that were there then, with the columns of then. */
    mark(name: string, like?: StoreMark): Promise<StoreMark>;
    /** Compares two moments of a clone. */
    compareMarks(before: StoreMark, after: StoreMark): Promise<MarkComparison>;
  };
}

/** An opened store. Close it. */
export interface Store extends Partial<StoreParts> {
  readonly kind: StoreKindName;
  /** What the data really is, whatever it is called: for PostgreSQL, system identifier and oid. Changes with a swap. */
  identity(): Promise<string>;
  /** What stands in a recovery point about where it is from. */
  source(): Promise<SnapshotSource>;
  /** How large its data is, in bytes. */
  size(): Promise<number>;
  /** How large all is that is on its server, in bytes; absent for kinds without physical backups. */
  serverSize?(): Promise<number>;
  /** What else is in its server; absent for kinds that have no server, or nothing else in it. */
  sight?(): Promise<StoreSight>;
  close(): Promise<void>;
}

/** Where clients of a store connect to. */
export interface Place {
  /** Host name, IP, or the folder of a Unix socket. */
  host: string;
  port: number;
  /** Id of the container that serves it, where the plan names its service. */
  container?: string;
}

/** One kind of store: a folder below `activities/stores`, and a line in the registry. */
export interface StoreDriver {
  readonly kind: StoreKindName;
  open(use: StoreUse): Promise<Store>;
  /** Absent for kinds that no client connects to. */
  place?(use: StoreUse): Promise<Place>;
  /**
   * Containers that open its data themselves, by whatever they mount: they must stand still while that is exchanged. Absent for kinds
   * that are reached by a server, which any container may use.
   */
  users?(use: StoreUse): Promise<VolumeUser[]>;
  /** Proves recovery points of this kind of store. */
  readonly prover: PointProver;
  /** Absent where a kind has no backups of whole servers. */
  readonly physical?: PhysicalBackups;
}

/** What is used of an operation's surroundings, whatever its kind. */
export type StoreContext = Omit<EffectContext, 'operation'> & {
  operation: Pick<Operation, 'id' | 'timeoutSeconds' | 'summary'>;
};

/** The reference of a store that is known to be of this kind. */
export function refOf<K extends StoreKindName>(
  { ref, store }: Pick<StoreUse, 'ref' | 'store'>,
  kind: K,
): Extract<StoreRef, { kind: K }> {
  const isOf = (of: StoreRef): of is Extract<StoreRef, { kind: K }> => of.kind === kind;
  if (isOf(ref)) return ref;
  throw new Error(`store ${store} is of kind ${ref.kind}, not ${kind}`);
}

/** What an operation lends to the store it works on. */
export function storeUse(context: StoreContext, store: string, ref: StoreRef): StoreUse {
  const { plan, operation, signal, target, attempt, epoch, runId } = context;
  return {
    store,
    ref,
    directory: plan.stack.directory,
    project: plan.stack.project,
    plan: plan.name,
    protect: plan.protect,
    target,
    run: runId,
    operation: operation.id,
    epoch,
    attempt,
    timeoutMs: operation.timeoutSeconds * 1000,
    scratch: context.home.scratch,
    signal,
    progress: (progress) => context.progress(progress),
    fence: () => context.fence(),
    secret: (template) => context.secret(template),
    encryption: encryptionOf(context),
    log: (message) => context.log(message),
  };
}
