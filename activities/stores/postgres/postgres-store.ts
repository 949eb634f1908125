import { SwitchbackError } from '../../../runbook/errors.ts';
import type { CompareSource } from '../../comparison/compare-source.ts';
import type { DockerEngine } from '../../docker/index.ts';
import type { StoredPoint } from '../../points/index.ts';
import { loadSqlParser } from '../../sql/index.ts';
import type {
  OperationName,
  RestoreOutcome,
  RestoreWish,
  Snapshot,
  SnapshotSource,
  SqlOutcome,
  SqlStep,
  StateLoss,
  MarkComparison,
  Store,
  StoreDriver,
  StoreLeftover,
  StoreMark,
  StoreSight,
  StoreUse,
  SwapPlan,
} from '../store.ts';
import type { Address } from './address.ts';
import { applyStep } from './apply-step.ts';
import { archiverFor } from './archive-losses.ts';
import { readCanary } from './canary.ts';
import { postgresCapabilities } from './capabilities.ts';
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
  readonly capabilities = postgresCapabilities;
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

  async query(sql: string): Promise<string> {
    const session = await this.#session('reading');
    const { columns, rows } = await session.transaction('begin read only', () =>
      session.table(sql.replace(/[\s;]+$/, '')),
    );
    if (rows.length === 1 && columns.length === 1) return rows[0]?.[0] ?? '';
    throw new SwitchbackError(
      'PlanInvalid',
      `a check on store ${this.#use.store} gives ${rows.length} rows of ${columns.length} columns, not one value`,
      { hint: 'Write a query with a single value, e.g. select count(*) from orders.' },
    );
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

  async snapshot(folder: string): Promise<Snapshot> {
    const session = await this.#session('reading');
    await endZombies(session, this.#use, this.#pids());
    return takeSnapshot(session, await serverFacts(session), folder, this.#use, this.#box);
  }

  async applied(step: SqlStep): Promise<boolean> {
    const session = await this.#session('step');
    await endZombies(session, this.#use, this.#pids());
    if (step.proof !== undefined) return isProven(session, step, this.#use);
    return (await standingEntry(session, this.#use, step.undoes)) !== undefined;
  }

  async apply(step: SqlStep): Promise<SqlOutcome> {
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
      // Whatever the step has set in it is nobody else's business.
      this.#sessions.delete('step');
      await session.close();
    }
  }

  #pids(): number[] {
    return [...this.#sessions.values()].map((session) => session.pid);
  }

  planRestore(wish: RestoreWish): Promise<SwapPlan> {
    return planRestore(this.#restoring, wish);
  }

  restoreState(plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
    return restoreState(this.#restoring, plan);
  }

  restore(plan: SwapPlan, wish: RestoreWish): Promise<RestoreOutcome> {
    return restoreStore(this.#restoring, plan, wish);
  }

  describeRestore(plan: SwapPlan): Promise<RestoreOutcome> {
    return describeRestore(this.#restoring, plan);
  }

  async stateLoss(point: StoredPoint): Promise<StateLoss> {
    requireOwnPoint(point, this.#use.store, this.#use);
    return estimateLoss(await this.#session('reading'), readCanary(point.manifest.canary));
  }

  leftovers(operations: readonly OperationName[]): Promise<StoreLeftover[]> {
    return databasesLeft(this.#address, this.#use, operations);
  }

  clear(leftover: StoreLeftover): Promise<void> {
    return clearDatabase(this.#address, this.#use, leftover);
  }

  async compareSource(query: string, beside?: CompareSource): Promise<CompareSource> {
    const session = await Session.open(this.#address, sessionOptions(this.#use, 'reading'));
    try {
      const shared =
        beside instanceof PostgresCompareSource && beside.isOn(session) ? { snapshot: beside.snapshot } : {};
      return await PostgresCompareSource.open(`store ${this.#use.store}`, session, query, shared);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  seed(point: StoredPoint): Promise<void> {
    return seedDatabase(this.#restoring, point);
  }

  async mark(name: string, like?: StoreMark): Promise<StoreMark> {
    return markDatabase(await this.#session('reading'), name, like);
  }

  async compareMarks(before: StoreMark, after: StoreMark): Promise<MarkComparison> {
    return compareMarks(await this.#session('reading'), before, after);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.#sessions.clear();
  }
}

/** PostgreSQL, by URL or in a container of the stack. */
export const postgresDriver = (engine: DockerEngine, box: ToolBox = toolBox(engine)): StoreDriver => ({
  kind: 'postgres',
  capabilities: postgresCapabilities,
  open: async (use) => new PostgresStore(use, await findServer(use, engine), box),
  place: async (use) => {
    const { host, port, container } = await findServer(use, engine);
    return { host, port, ...(container && { container: container.id }) };
  },
  prover: postgresProver(box),
  physical: physicalBackups(box),
});
