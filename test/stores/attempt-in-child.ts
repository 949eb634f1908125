// One attempt of an operation on a store, in a process of its own, which may die on the way. Prints what it did as its last line.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerEngine } from '../../activities/docker/index.ts';
import type { EffectHandler, Prepared } from '../../activities/effect.ts';
import { applySqlHandler } from '../../activities/effects/apply-sql.ts';
import { backupStoreHandler } from '../../activities/effects/backup-store.ts';
import { restoreStoreHandler } from '../../activities/effects/restore-store.ts';
import { Session } from '../../activities/stores/postgres/session.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { performWith, TestTarget } from '../real/effect-context.ts';

type Kind = 'applySql' | 'backupStore' | 'restoreStore';

export interface Order {
  kind: Kind;
  input: OperationInputs[Kind];
  root: string;
  url: string;
  id: string;
  attempt: number;
  /** Die at this effect on the database, counted from 1, or at the commit that exchanges two databases; 0 lives. */
  killAt: number | 'exchange';
  side: 'before' | 'after';
}

export interface Told {
  outcome?: 'done' | 'adopted';
  facts?: Record<string, unknown>;
  error?: { name: string; message: string };
}

/** Statements that change something. To die beside one that reads is to die beside the next of these. */
const effect = /^\s*(create|alter|drop|comment|commit|do |lock|analyze|revoke|grant)/i;

const order = JSON.parse(process.argv[2] ?? '') as Order;
let count = 0;
let renamed = false;
const execute = Reflect.get(Session.prototype, 'execute');
Session.prototype.execute = async function (this: Session, text: string) {
  renamed ||= text.includes('rename to');
  const counted = effect.test(text) && (count += 1) === order.killAt;
  const mine = counted || (order.killAt === 'exchange' && renamed && text === 'commit');
  if (mine && order.side === 'before') process.kill(process.pid, 'SIGKILL');
  const rows = await execute.call(this, text);
  if (mine) process.kill(process.pid, 'SIGKILL');
  return rows;
};

const engine = new DockerEngine();
const stores = storeDrivers(engine);
const handlers = {
  applySql: applySqlHandler({ stores }),
  backupStore: backupStoreHandler({ engine, stores }),
  restoreStore: restoreStoreHandler({ engine, stores }),
};

/** As the journal keeps it: what one attempt has prepared, the next ones find. */
async function prepare(target: TestTarget): Promise<Prepared> {
  const file = join(order.root, `${order.id.replaceAll('/', '-')}.prepared.json`);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Prepared;
  const handler = handlers[order.kind] as unknown as EffectHandler<Kind>;
  const prepared = await handler.prepare(order.input, target.context(order.kind, order.input, { id: order.id }));
  await writeFile(file, JSON.stringify(prepared));
  return prepared;
}

let told: Told;
try {
  const target = await TestTarget.open(order.root, {
    project: 'shop',
    stores: { shop: { kind: 'postgres', url: '${env:SHOP_URL}' } },
    secrets: { SHOP_URL: order.url },
  });
  const prepared = await prepare(target);
  const context = target.context(order.kind, order.input, { id: order.id });
  Object.assign(context, { attempt: order.attempt });
  const { outcome, performed } = await performWith(
    handlers[order.kind] as unknown as EffectHandler<Kind>,
    context,
    prepared,
  );
  told = { outcome, facts: performed.facts };
} catch (error) {
  const { name, message } = error as Error;
  told = { error: { name, message } };
}
process.stdout.write(JSON.stringify(told));
