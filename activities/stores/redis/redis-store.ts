import type { DockerEngine } from '../../docker/index.ts';
import { dataFolder } from '../../points/index.ts';
import type { SnapshotSource, Store, StoreDriver, StoreParts, StoreUse } from '../store.ts';
import { findServer, type Address } from './address.ts';
import { readCanary, takeCensus } from './canary.ts';
import { Connection } from './connection.ts';
import { measureLoss } from './loss.ts';
import { probe } from './probe.ts';
import { redisProver } from './prove-point.ts';
import { clearDatabase, databasesLeft, describeRestore, restoreState, restoreStore } from './restore.ts';
import { planRestore, requireOwnPoint } from './restore-plan.ts';
import { withScratchServer } from './scratch-server.ts';
import { ensureIdentity, serverFacts } from './server.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** A database of Redis or Valkey. */
class RedisStore implements Store {
  readonly kind = 'redis';
  readonly #use: StoreUse;
  readonly #address: Address;
  readonly #connection: Connection;

  constructor(use: StoreUse, address: Address, connection: Connection) {
    this.#use = use;
    this.#address = address;
    this.#connection = connection;
  }

  get #restoring() {
    return { address: this.#address, use: this.#use };
  }

  identity(): Promise<string> {
    return ensureIdentity(this.#connection);
  }

  async source(): Promise<SnapshotSource> {
    const { name, version } = await serverFacts(this.#connection, this.#use);
    return { kind: 'redis', identity: await this.identity(), quiesce: 'snapshot', engine: { name, version } };
  }

  /** Of its whole server, which says nothing of one database. */
  async size(): Promise<number> {
    return (await serverFacts(this.#connection, this.#use)).usedBytes;
  }

  readonly probe: StoreParts['probe'] = {
    value: (query) => probe(this.#connection, query, this.#use.store),
  };

  readonly backup: StoreParts['backup'] = {
    snapshot: (folder) => takeSnapshot(this.#connection, this.#address, folder, this.#use),
  };

  readonly restore: StoreParts['restore'] = {
    plan: (wish) => planRestore(this.#restoring, wish),
    state: (plan) => restoreState(this.#restoring, plan),
    swap: (plan, wish) => restoreStore(this.#restoring, plan, wish),
    describe: (plan) => describeRestore(this.#restoring, plan),
    leftovers: (operations) => databasesLeft(this.#restoring, operations),
    clear: (leftover) => clearDatabase(this.#restoring, leftover),
  };

  readonly fingerprint: StoreParts['fingerprint'] = {
    loss: async (point) => {
      requireOwnPoint(point, this.#use.store, this.#use);
      const canary = readCanary(point.manifest.canary);
      const { digests } = await withScratchServer({ folder: dataFolder(point), ...canary }, this.#use, (scratch) =>
        takeCensus(scratch, this.#use, 'reading the snapshot'),
      );
      const loss = await measureLoss(this.#connection, digests, canary.takenAt, this.#use);
      // Clients go on writing while it is counted.
      return { ...loss, measured: 'at least' };
    },
  };

  async close(): Promise<void> {
    this.#connection.close();
  }
}

/** Redis and Valkey, by URL or in a container of the stack. */
export const redisDriver = (engine: DockerEngine): StoreDriver => ({
  kind: 'redis',
  open: async (use) => {
    const address = await findServer(use, engine);
    return new RedisStore(use, address, await Connection.open(address, use));
  },
  place: async (use) => {
    const { at, container } = await findServer(use, engine);
    const place = 'path' in at ? { host: at.path, port: 0 } : at;
    return { ...place, ...(container === undefined ? {} : { container }) };
  },
  prover: redisProver,
});
