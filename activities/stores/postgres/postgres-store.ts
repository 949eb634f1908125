import { SwitchbackError } from '../../../runbook/errors.ts';
import type { DockerEngine } from '../../docker/index.ts';
import { loadSqlParser } from '../../sql/index.ts';
import type { SnapshotSource, Store, StoreDriver, StoreParts, StoreSight, StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { applyStep } from './apply-step.ts';
import { archiverFor } from './archive-losses.ts';
import { readCanary } from './canary.ts';
import { PostgresCompareSource } from './compare-source.ts';
import { sessionOptions } from './connect.ts';
import { compareMarks, markDatabase } from './mark-database.ts';
import { endZombies } from './end-zombies.ts';
import { findServer } from './find-server.ts';
import { clearDatabase, databasesLeft } from './leftovers.ts';
import { ensureLedger, standingEntry } from './ledger.ts';
import { applyOutsideTransaction, isProven } from './outside-transaction.ts';
import { physicalBackups } from './physical/index.ts';
import { postgresProver } from './prove-point.ts';
import { planRestore, requireOwnPoint } from './plan-restore.ts';
import { describeRestore, restoreState, restoreStore } from './restore-store.ts';
import { toolBox, type ToolBox } from './choose-tools.ts';
import { identityOf, serverFacts } from './server.ts';
import { seedDatabase } from './seed-database.ts';
import { Session, type SessionOptions } from './session.ts';
import { sightServer } from './sight-server.ts';
import { estimateLoss } from './state-loss.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** A PostgreSQL database. */
class PostgresStore implements Store {
  readonly kind = 'postgres';
  readonly #use: StoreUse;
  readonly #address: Address;
  readonly #box: ToolBox;
  /** Connecting costs more than most of what is asked, so sessions are kept until the store is closed. */
  readonly #sessions = new Map<SessionOptions['for'], Session>();

  constructor(use: StoreUse, address: Address, box: ToolBox) {
    this.#use = use;
    this.#address = address;
    this.#box = box;
  }

  async #session(purpose: SessionOptions['for']): Promise<Session> {
    const open = this.#sessions.get(purpose) ?? (await Session.open(this.#address, sessionOptions(this.#use, purpose)));
    this.#sessions.set(purpose, open);
    return open;
  }

  /** Any session that is open. What is asked leaves no trace in it, so that one for a step stays fresh. */
  async #anySession(): Promise<Session> {
    return [...this.#sessions.values()][0] ?? this.#session('step');
  }

  get #restoring() {
    return { address: this.#address, use: this.#use, box: this.#box };
  }

  async identity(): Promise<string> {
    return (await this.source()).identity;
  }

  async sight(): Promise<StoreSight> {
    return sightServer(await this.#session('reading'), this.#use);
  }

  async source(): Promise<SnapshotSource> {
    const facts = await serverFacts(await this.#anySession());
    return {
      kind: 'postgres',
      identity: identityOf(facts),
      quiesce: 'snapshot',
      engine: { name: 'postgres', version: facts.name },
    };
  }

  async size(): Promise<number> {
    return Number(await this.probe.value('select pg_database_size(current_database())'));
  }

  async serverSize(): Promise<number> {
    return Number(await this.probe.value('select sum(pg_database_size(oid)) from pg_database'));
  }

  readonly probe: StoreParts['probe'] = {
    value: async (query) => singleValue(await this.#session('reading'), query, this.#use.store),
  };

  readonly backup: StoreParts['backup'] = {
    snapshot: async (folder) => {
      const session = await this.#session('reading');
      await endZombies(session, this.#use, this.#pids());
      return takeSnapshot(session, await serverFacts(session), folder, this.#use, this.#box);
    },
  };

  readonly restore: StoreParts['restore'] = {
    plan: (wish) => planRestore(this.#restoring, wish),
    state: (plan) => restoreState(this.#restoring, plan),
    swap: (plan, wish) => restoreStore(this.#restoring, plan, wish),
    describe: (plan) => describeRestore(this.#restoring, plan),
    leftovers: (operations) => databasesLeft(this.#address, this.#use, operations),
    clear: (leftover) => clearDatabase(this.#address, this.#use, leftover),
  };

  readonly fingerprint: StoreParts['fingerprint'] = {
    loss: async (point) => {
      requireOwnPoint(point, this.#use.store, this.#use);
      return estimateLoss(await this.#session('reading'), readCanary(point.manifest.canary));
    },
  };

  readonly change: StoreParts['change'] = {
    applied: async (step) => {
      const session = await this.#session('step');
      await endZombies(session, this.#use, this.#pids());
      if (step.proof !== undefined) return isProven(session, step, this.#use);
      return (await standingEntry(session, this.#use, step.undoes)) !== undefined;
    },
    apply: async (step) => {
      const session = await this.#session('step');
      try {
        await endZombies(session, this.#use, this.#pids());
        await ensureLedger(session);
        const parser = await loadSqlParser();
        if (step.proof !== undefined) return await applyOutsideTransaction(session, step, this.#use, parser);
        const facts = await serverFacts(session);
        const archiver = step.archive && archiverFor(step.archive, session, facts, this.#use, this.#box);
        return await applyStep(session, step, this.#use, archiver, parser);
      } finally {
        // Nothing that the step has set in it reaches another step.
        this.#sessions.delete('step');
        await session.close();
      }
    },
  };

  readonly compare: StoreParts['compare'] = {
    source: async (query, beside) => {
      const session = await Session.open(this.#address, sessionOptions(this.#use, 'reading'));
      try {
        const shared =
          beside instanceof PostgresCompareSource && beside.isOn(session) ? { snapshot: beside.snapshot } : {};
        return await PostgresCompareSource.open(`store ${this.#use.store}`, session, query, shared);
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };

  readonly rehearse: StoreParts['rehearse'] = {
    seed: (point) => seedDatabase(this.#restoring, point),
    mark: async (name, like) => markDatabase(await this.#session('reading'), name, like),
    compareMarks: async (before, after) => compareMarks(await this.#session('reading'), before, after),
  };

  #pids(): number[] {
    return [...this.#sessions.values()].map((session) => session.pid);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.#sessions.clear();
  }
}

/** The single value of a query that may only read. @throws `PlanInvalid` where it has more, or none */
async function singleValue(session: Session, query: string, store: string): Promise<string> {
  const { columns, rows } = await session.transaction('begin read only', () =>
    session.table(query.replace(/[\s;]+$/, '')),
  );
  if (rows.length === 1 && columns.length === 1) return rows[0]?.[0] ?? '';
  throw new SwitchbackError(
    'PlanInvalid',
    `a check on store ${store} gives ${rows.length} rows of ${columns.length} columns, not one value`,
    { hint: 'Write a query with a single value, e.g. select count(*) from orders.' },
  );
}

/** PostgreSQL, by URL or in a container of the stack. */
export const postgresDriver = (engine: DockerEngine, box: ToolBox = toolBox(engine)): StoreDriver => ({
  kind: 'postgres',
  open: async (use) => new PostgresStore(use, await findServer(use, engine), box),
  place: async (use) => {
    const { host, port, container } = await findServer(use, engine);
    return { host, port, ...(container && { container: container.id }) };
  },
  prover: postgresProver(box),
  physical: physicalBackups(box),
});
