import { SwitchbackError } from '../../../runbook/errors.ts';
import type { DockerEngine } from '../../docker/index.ts';
import type { SnapshotSource, Store, StoreDriver, StoreParts } from '../store.ts';
import { leastLoss, readCanary, readContent, type Canary } from './content.ts';
import { identityOf, look } from './look.ts';
import { databaseUsers } from './place.ts';
import { sqliteProver } from './prove.ts';
import {
  clearFile,
  describeRestore,
  filesLeft,
  planRestore,
  requireOwnPoint,
  restoreDatabase,
  restoreState,
} from './restore.ts';
import { openDatabase, runScript, type Database } from './run-script.ts';
import { backupScript, contentScript, probeScript } from './scripts.ts';

/** A database of SQLite: a file in a volume, or on the host. */
class SqliteStore implements Store {
  readonly kind = 'sqlite';
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async identity(): Promise<string> {
    return identityOf(this.#database, (await look(this.#database)).inode);
  }

  async source(): Promise<SnapshotSource> {
    const { inode, version } = await look(this.#database);
    return {
      kind: 'sqlite',
      identity: identityOf(this.#database, inode),
      quiesce: 'snapshot',
      engine: { name: 'sqlite', version },
    };
  }

  async size(): Promise<number> {
    return (await look(this.#database)).bytes;
  }

  readonly probe: StoreParts['probe'] = {
    value: async (query) => {
      const answer = await runScript(this.#database, { script: probeScript, args: [query] });
      return singleValue(answer, this.#database.use.store);
    },
  };

  readonly backup: StoreParts['backup'] = {
    snapshot: async (folder) => {
      const { use } = this.#database;
      use.progress({ doing: `backing up ${this.#database.place.name}` });
      const { bytes } = await look(this.#database);
      const takenAt = new Date().toISOString();
      const answer = await runScript(this.#database, {
        script: backupScript,
        args: use.encryption.to.flatMap((key) => ['--recipient', key]),
        mounts: [{ type: 'bind', source: folder, target: '/point' }],
      });
      return { canary: { takenAt, bytes, content: readContent(answer) } satisfies Canary };
    },
  };

  readonly restore: StoreParts['restore'] = {
    plan: (wish) => planRestore(this.#database, wish),
    state: (plan) => restoreState(this.#database, plan),
    swap: (plan, wish) => restoreDatabase(this.#database, plan, wish),
    describe: (plan) => describeRestore(this.#database, plan),
    leftovers: (operations) => filesLeft(this.#database, operations),
    clear: (leftover) => clearFile(this.#database, leftover),
  };

  readonly fingerprint: StoreParts['fingerprint'] = {
    loss: async (point) => {
      requireOwnPoint(point, this.#database.use.store, this.#database.use);
      const now = await runScript(this.#database, { script: contentScript });
      return leastLoss(readCanary(point.manifest.canary), readContent(now));
    },
  };

  async close(): Promise<void> {
    // Nothing stays open between two helpers.
  }
}

/** Fields end with 0x1F or 0x1E, rows with 0x1E. @throws `PlanInvalid` where there is more than one value, or none */
function singleValue(answer: string, store: string): string {
  const rows = answer.split('\x1e').slice(0, -1);
  const [row] = rows;
  if (rows.length === 1 && row !== undefined && !row.includes('\x1f')) return row;
  throw new SwitchbackError('PlanInvalid', `a check on store ${store} does not give one value`, {
    hint: 'Write a query with a single value, e.g. select count(*) from orders.',
  });
}

export const sqliteDriver = (engine: DockerEngine): StoreDriver => ({
  kind: 'sqlite',
  open: async (use) => new SqliteStore(await openDatabase(engine, use)),
  users: (use) => databaseUsers(engine, use),
  prover: sqliteProver(engine),
});
