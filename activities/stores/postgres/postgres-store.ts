import { SwitchbackError } from '../../../runbook/errors.ts';
import type { CompareSource } from '../../comparison/compare-source.ts';
import type { DockerEngine } from '../../docker/index.ts';
import type { StoredPoint } from '../../points/index.ts';
import type {
  RestoreOutcome,
  Snapshot,
  SnapshotSource,
  SqlOutcome,
  SqlStep,
  StateLoss,
  Store,
  StoreDriver,
  StoreUse,
  SwapPlan,
} from '../store.ts';
import type { Address } from './address.ts';
import { applyStep } from './apply-step.ts';
import { archiverFor } from './archive-losses.ts';
import { readCanary } from './canary.ts';
import { postgresCapabilities } from './capabilities.ts';
import { PostgresCompareSource } from './compare-source.ts';
import { sessionOptions, withSession } from './connect.ts';
import { endZombies } from './end-zombies.ts';
import { findServer } from './find-server.ts';
import { ensureLedger, standingEntry } from './ledger.ts';
import { applyOutsideTransaction, isProven } from './outside-transaction.ts';
import { postgresProver } from './prove-point.ts';
import { describeRestore, planRestore, requireOwnPoint, restoreState, restoreStore } from './restore-store.ts';
import { identityOf, serverFacts } from './server.ts';
import { Session, type SessionOptions } from './session.ts';
import { estimateLoss } from './state-loss.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** A PostgreSQL database. Each call opens the sessions that it needs and closes them again. */
class PostgresStore implements Store {
  readonly kind = 'postgres';
  readonly capabilities = postgresCapabilities;
  readonly #use: StoreUse;
  readonly #address: Address;
  readonly #engine: DockerEngine;

  constructor(use: StoreUse, address: Address, engine: DockerEngine) {
    this.#use = use;
    this.#address = address;
    this.#engine = engine;
  }

  #session<T>(purpose: SessionOptions['for'], work: (session: Session) => Promise<T>): Promise<T> {
    return withSession(Session.open(this.#address, sessionOptions(this.#use, purpose)), work);
  }

  get #restoring() {
    return { address: this.#address, use: this.#use, engine: this.#engine };
  }

  async identity(): Promise<string> {
    return (await this.source()).identity;
  }

  async query(sql: string): Promise<string> {
    return this.#session('reading', (session) =>
      session.transaction('begin read only', async () => {
        const { columns, rows } = await session.table(sql.replace(/[\s;]+$/, ''));
        if (rows.length === 1 && columns.length === 1) return rows[0]?.[0] ?? '';
        throw new SwitchbackError(
          'PlanInvalid',
          `a check on store ${this.#use.store} gives ${rows.length} rows of ${columns.length} columns, not one value`,
          {
            hint: 'Write a query with a single value, e.g. select count(*) from orders.',
          },
        );
      }),
    );
  }

  async source(): Promise<SnapshotSource> {
    const facts = await this.#session('reading', serverFacts);
    return {
      kind: 'postgres',
      identity: identityOf(facts),
      quiesce: 'snapshot',
      engine: { name: 'postgres', version: facts.name },
    };
  }

  async snapshot(folder: string): Promise<Snapshot> {
    return this.#session('reading', async (session) => {
      await endZombies(session, this.#use);
      return takeSnapshot(session, await serverFacts(session), folder, this.#use, this.#engine);
    });
  }

  async applied(step: SqlStep): Promise<boolean> {
    return this.#session('step', async (session) => {
      await endZombies(session, this.#use);
      return step.proof === undefined
        ? (await standingEntry(session, this.#use)) !== undefined
        : isProven(session, step, this.#use);
    });
  }

  async apply(step: SqlStep): Promise<SqlOutcome> {
    return this.#session('step', async (session) => {
      await endZombies(session, this.#use);
      await ensureLedger(session);
      if (step.proof !== undefined) return applyOutsideTransaction(session, step, this.#use);
      const facts = await serverFacts(session);
      const archiver = step.archive && archiverFor(step.archive, session, facts, this.#use, this.#engine);
      return applyStep(session, step, this.#use, archiver);
    });
  }

  planRestore(replaced?: string): Promise<SwapPlan> {
    return planRestore(this.#restoring, replaced);
  }

  restoreState(plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
    return restoreState(this.#restoring, plan);
  }

  restore(plan: SwapPlan, point: StoredPoint | undefined): Promise<RestoreOutcome> {
    return restoreStore(this.#restoring, plan, point);
  }

  describeRestore(plan: SwapPlan): Promise<RestoreOutcome> {
    return describeRestore(this.#restoring, plan);
  }

  async stateLoss(point: StoredPoint): Promise<StateLoss> {
    requireOwnPoint(point, this.#use);
    return this.#session('reading', (session) => estimateLoss(session, readCanary(point.manifest.canary)));
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

  async close(): Promise<void> {
    // Nothing is held between two calls.
  }
}

/** PostgreSQL, by URL or in a container of the stack. */
export const postgresDriver = (engine: DockerEngine): StoreDriver => ({
  kind: 'postgres',
  capabilities: postgresCapabilities,
  open: async (use) => new PostgresStore(use, await findServer(use, engine), engine),
  prover: postgresProver(engine),
});
