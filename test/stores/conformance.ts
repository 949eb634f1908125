import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { compareDualRunHandler } from '../../activities/effects/compare-dual-run.ts';
import { proveBackupHandler } from '../../activities/effects/prove-backup.ts';
import { restoreStoreHandler, stateLoss } from '../../activities/effects/restore-store.ts';
import { DockerEngine } from '../../activities/docker/index.ts';
import { withStore, type StoreDrivers } from '../../activities/stores/registry.ts';
import type { StoreContext } from '../../activities/stores/store.ts';
import {
  storeKinds,
  storeParts,
  type StoreKindName,
  type StorePart,
  type StoreRef,
} from '../../runbook/stores/index.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';

/** A real, empty store for one test, which holds things that have an id. */
export interface StoreFixture {
  ref: StoreRef;
  secrets: Record<string, string>;
  /** Adds things with the next so many ids. */
  add(things: number): Promise<void>;
  count(): Promise<number>;
  /** In the store's own language: how many things there are, all of them, and something that would change them. */
  queries: { count: string; all: string; key: string[]; write: string };
  /** SQL that adds one thing, for stores that take steps. */
  step?: string;
  remove(): Promise<void>;
}

/** What every kind of store has to do, as far as its kind says that it can. Tests what the operations rely on. */
export function storeConformance(
  kind: StoreKindName,
  stores: StoreDrivers,
  fixtureFor: () => Promise<StoreFixture>,
  stop: () => Promise<void>,
): void {
  const engine = new DockerEngine();
  const { prover } = stores[kind];
  const { can } = storeKinds[kind];
  const when = (part: StorePart) => (can.includes(part) ? it : it.skip);
  let fixture: StoreFixture;
  let target: TestTarget;

  describe(`a store of kind ${kind}`, () => {
    afterAll(stop);
    beforeEach(async () => {
      fixture = await fixtureFor();
      const secrets = fixture.secrets;
      target = await TestTarget.make({ project: 'conformance', stores: { store: fixture.ref }, secrets });
    });
    afterEach(async () => {
      await target.remove();
      await fixture.remove();
    });

    const backUp = () =>
      performWith(
        backupStoreHandler({ engine, stores }),
        target.context('backupStore', { store: 'store', point: 'a' }, { id: 'p/backup/01' }),
      );
    const restore = (replaced?: string, id = 'r/01') => {
      const input = { store: 'store', point: 'a', ...(replaced === undefined ? {} : { replaced }) };
      return performWith(restoreStoreHandler({ engine, stores }), target.context('restoreStore', input, { id }));
    };
    const context = () => target.context('checkPreflight', { checks: [] }) as unknown as StoreContext;
    const identity = () => withStore(stores, context(), 'store', [], (store) => store.identity());

    it('knows what it is, whatever it holds, and is told from another one of its kind', async () => {
      const before = await identity();
      await fixture.add(3);
      expect(await identity()).toBe(before);
      const other = await fixtureFor();
      const secrets = other.secrets;
      const beside = await TestTarget.make({ project: 'conformance', stores: { store: other.ref }, secrets });
      try {
        const found = await withStore(stores, beside.context('checkPreflight', { checks: [] }), 'store', [], (store) =>
          store.identity(),
        );
        expect(found).not.toBe(before);
      } finally {
        await beside.remove();
        await other.remove();
      }
    });

    it('has the parts that its kind promises, and no others', async () => {
      const parts = await withStore(stores, context(), 'store', [], async (store) =>
        storeParts.filter((part) => store[part] !== undefined),
      );
      expect(parts.sort()).toEqual([...can].sort());
    });

    when('probe')('answers a query, and lets it change nothing', async () => {
      await fixture.add(3);
      const ask = (query: string) =>
        withStore(stores, context(), 'store', ['probe'], (store) => store.probe.value(query));
      expect(await ask(fixture.queries.count)).toBe('3');
      await expect(ask(fixture.queries.write)).rejects.toThrow();
      expect(await fixture.count()).toBe(3);
    });

    when('backup')('is backed up into a point that a proof finds whole', async () => {
      await fixture.add(100);
      expect((await backUp()).outcome).toBe('done');
      const proof = performWith(
        proveBackupHandler({ engine, provers: [prover] }),
        target.context('proveBackup', { point: 'a' }, { id: 'p/prove/01' }),
      );
      expect((await proof).performed.facts['proof']).toMatchObject({
        compared: expect.arrayContaining([expect.any(String)]),
      });
      expect(await fixture.count()).toBe(100);
    });

    when('restore')('is restored with the loss that it states, keeps what it replaces, and takes it back', async () => {
      await fixture.add(100);
      await backUp();
      await fixture.add(7);
      const before = await identity();
      const { performed } = await restore();
      expect(performed.facts).toMatchObject({ lostRows: 7 });
      expect(await fixture.count()).toBe(100);
      expect(await identity()).not.toBe(before);
      await restore(String(performed.facts['replaced']), 'r/02');
      expect(await fixture.count()).toBe(107);
      expect(await identity()).toBe(before);
    });

    when('fingerprint')('tells what a restore would lose, and leaves everything as it is', async () => {
      await fixture.add(100);
      await backUp();
      await fixture.add(7);
      expect((await stateLoss({ stores }, context(), 'store', 'run-1/a')).lostRows).toBe(7);
      expect(await fixture.count()).toBe(107);
    });

    when('compare')('is compared by key', async () => {
      await fixture.add(1000);
      const side = { store: 'store', query: fixture.queries.all };
      const input = {
        comparisons: [{ left: side, right: side, key: fixture.queries.key }],
        forSeconds: 0,
        everySeconds: 0,
        pass: 1,
      };
      const { performed } = await performWith(
        compareDualRunHandler({ stores }),
        target.context('compareDualRun', input),
      );
      expect(performed.facts['last']).toMatchObject([{ equal: true, leftRows: 1000, rightRows: 1000 }]);
    });

    when('change')('takes a step once, however often it is attempted', async () => {
      const input = { store: 'store', source: { statement: fixture.step ?? '' }, transactional: true, expand: false };
      const apply = () =>
        performWith(applySqlHandler({ stores }), target.context('applySql', input, { id: 'p/apply/01' }));
      expect((await apply()).outcome).toBe('done');
      expect((await apply()).outcome).toBe('adopted');
      expect(await fixture.count()).toBe(1);
    });
  });
}
