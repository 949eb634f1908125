import type { PointProver, StoredPoint } from '../points/index.ts';
import type { HelperJob } from '../volumes/index.ts';
import type { Snapshot, SnapshotSource, StoreUse } from './store.ts';

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

/** A server that is about to be backed up by its files. Close it. */
export interface ServerToBackUp {
  source(): Promise<SnapshotSource>;
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
  /** Bytes that a restore takes. */
  need(point: StoredPoint): number;
  /** Databases that go back together with the store's own. */
  others(point: StoredPoint): string[];
  /** Fills a volume of our own with a server's data as of the point: extracted, verified, recovered and shut down again. */
  build(
    job: HelperJob,
    use: StoreUse,
    point: StoredPoint,
    place: DataPlace,
    volume: string,
  ): Promise<{ tookMs: number }>;
  /** What going back to the point loses at this moment. */
  loss(use: StoreUse, point: StoredPoint): Promise<{ loss: ServerLoss; warnings: string[] }>;
  /** Waits until the live server lets somebody in. Returns the identity of the store in it. */
  settled(use: StoreUse): Promise<string>;
}
