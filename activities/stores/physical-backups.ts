import type { TargetHome } from '../effect.ts';
import type { PointProver, PointRef, StoredPoint } from '../points/index.ts';
import type { HelperJob } from '../volumes/index.ts';
import type { Snapshot, SnapshotSource } from './snapshot.ts';
import type { StoreUse } from './store-use.ts';

/** Where a server keeps its data. The server may be down. */
export interface DataPlace {
  volume: string;
  /** The data directory inside of the volume, without slashes around it; empty where it is the volume's top. */
  path: string;
  /** Id of the image that the server runs from. */
  image: string;
}

/** What is lost when a server goes back to a point. */
export interface ServerLoss {
  /** How long before now everything was surely in the point, in seconds: no more than this is lost. */
  lostSeconds: number;
  /** Bytes of log that the server has written since the point; absent where nobody could be asked. */
  lostLogBytes?: number;
}

/** A log that brings a point to a later moment. */
export interface LogToFollow {
  /** Of its segments, which nobody writes to any more. */
  folder: string;
  /** ISO 8601, or all that there is. */
  until: string;
  /** Up to when, and up to where, it is known to be whole. */
  to: string;
  lsn: string;
}

/** What following a log came to. */
export interface BroughtTo {
  /** ISO 8601: whatever was committed by then is there. */
  moment: string;
  /** The position in the log that was recovered to. */
  lsn: string;
  /** When the last transaction that is there was committed; absent where the log held none. */
  lastCommit?: string;
}

/** A server's data, made of a point. */
export interface BuiltServer {
  tookMs: number;
  /** Where a log was followed. */
  broughtTo?: BroughtTo;
  /** Databases that it has, sorted: a log makes some and removes some. */
  databases: string[];
}

/** A server that is about to be backed up by its files. Close it. */
export interface ServerToBackUp {
  source(): Promise<SnapshotSource>;
  /**
   * Has the log of the server written down from now on, until somebody ends it; the point that is taken next can be brought to later moments
   * by it. Whatever an earlier attempt has begun is begun anew.
   */
  follow(home: Pick<TargetHome, 'root' | 'points'>, ref: PointRef): Promise<void>;
  /** Writes a consistent backup into an empty folder. */
  snapshot(folder: string): Promise<Snapshot>;
  close(): Promise<void>;
}

/** Backups of the whole server that a store is in, by its files: for kinds of stores that have them. */
export interface PhysicalBackups {
  /** `source.kind` of their points. */
  readonly pointKind: string;
  readonly prover: PointProver;
  open(use: StoreUse): Promise<ServerToBackUp>;
  /** @throws `Unsupported` where the data cannot be exchanged, `PreconditionFailed` where nobody knows where it is */
  place(use: StoreUse, point: StoredPoint): Promise<DataPlace>;
  /** Refuses a place in which more would be replaced than the server's data. */
  requireReplaceable(job: HelperJob, place: DataPlace): Promise<void>;
  /** Bytes that a restore takes. @param logBytes of a log that is gone through */
  need(point: StoredPoint, logBytes?: number): number;
  /** Databases that go back together with the store's own. */
  others(point: StoredPoint): string[];
  /** Fills a volume of our own with a server's data as of the point: extracted, verified, recovered and shut down again. */
  build(
    job: HelperJob,
    use: StoreUse,
    point: StoredPoint,
    place: DataPlace,
    volume: string,
    log?: LogToFollow,
  ): Promise<BuiltServer>;
  /** What going back to what was built loses at this moment. */
  loss(use: StoreUse, point: StoredPoint, to: BuiltServer): Promise<{ loss: ServerLoss; warnings: string[] }>;
  /** Waits until the live server lets somebody in. Returns the identity of the store in it. */
  settled(use: StoreUse): Promise<string>;
}
