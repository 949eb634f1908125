import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunAccount } from '../../client/history/account.ts';
import { targetHome } from '../../journal/target-home.ts';
import type { RollbackRecord } from '../../runbook/records/rollback-record.ts';
import type { RunState, RunStatus } from '../../runbook/run-state.ts';
import { docker } from './docker.ts';
import { findOrders, moreOrders, stopLoad, type Found, type LoadSummary } from './load.ts';
import { demoLabel } from './place.ts';
import type { Demo } from './set-up.ts';

/** What was seen in the course of the story: for the promises to be judged by. */
export interface Outcome {
  target: string;
  ui: string;
  exitCodes: {
    lint: number;
    plan: number;
    start: number;
    untilApproval: number;
    untilParked: number;
    status: number;
    resume: number;
    untilEnd: number;
  };
  /** While the run waited for the approval: v1 and v2 side by side. */
  atGate: RunStatus;
  /** While the rollback was parked. */
  parked: RunStatus;
  /** Exit codes of `down` and `up` meanwhile, and what the run said afterwards. */
  restarted: { down: number; up: number; state: RunState };
  end: RunStatus;
  account: RunAccount;
  /** The record that the rollback left. */
  incident: RollbackRecord;
  load: LoadSummary;
  orders: Found;
  /** Identity of the protected table, in PostgreSQL's own words, before and after. */
  table: { before: string; after: string };
  /** The active Compose file in the end, and that of the phase that was gone back to. */
  compose: { active: string; expected: string };
}

/** The name that a rollback to phase 2 needs, and that phase 3 has given up. */
const nameInTheWay = (project: string) => `${project}-worker`;

/** The story: three phases, the third of which breaks under load; the way back is blocked half-way, cleared, and gone to its end. */
export async function tellStory(demo: Demo): Promise<Outcome> {
  const { place, screen, signal, stopwatch, operator } = demo;
  const { type, ask, run } = operator;
  const next = async (heading: string, ...texts: string[]) => {
    await screen.turn(signal);
    screen.heading(heading);
    for (const text of texts) screen.say(text);
  };
  const status = async () => (await ask<{ status: RunStatus }>('status')).status;
  /** The story goes on from a state; from any other one it would make no sense. */
  const inState = async (wanted: RunState): Promise<RunStatus> => {
    const found = await status();
    if (found.state === wanted) return found;
    await type('status');
    throw new Error(
      `the run is ${found.state}, where the story needs it to be ${wanted}: ${found.reason ?? 'no reason is given'}`,
    );
  };
  const before = await identityOfOrders(place.project);

  await next(
    'The plan',
    'Three phases in switchback.yml. What would run, and how each step is taken back, is known before anything runs.',
  );
  const lint = await type('lint');
  const plan = await type('plan');

  await next(
    'Go',
    'It begins with a record of how things are; then phase after phase, each one checked, backed up and proven.',
  );
  const start = await type('start');
  const untilApproval = await stopwatch.measure('two phases, and the third to its gate', () => type('watch'));
  const atGate = await inState('awaiting-approval');

  await next(
    'Somebody is in the way',
    'v2 is up beside v1, and the run waits for a yes. Meanwhile somebody starts a container by hand, under a name that',
    'the worker had until a moment ago. Going forward does not need that name. Going back does.',
  );
  const name = nameInTheWay(place.project);
  const label = `${demoLabel}=${place.id}`;
  const image = `${process.env['SHOP_IMAGES'] ?? 'switchback-shop'}/worker:v1`;
  await run(
    'docker',
    'run',
    '--detach',
    '--init',
    '--network',
    'none',
    '--label',
    label,
    '--name',
    name,
    image,
    'sleep',
    '3600',
  );

  await next(
    'The cutover',
    'The lead of the shop says yes. v2 takes the traffic, passes its health check, and breaks under load: the plan says',
    'to go back at once. That fails half-way, and waits for a person instead of dying.',
  );
  await type('approve', '--role', 'shop-lead', '--comment', 'figures looked at');
  const untilParked = await stopwatch.measure('cutover, failure, half of the way back', () => type('watch'));

  const parked = await inState('rollback-paused');
  await next('What now?', 'Customers are on v1 again already. The rest of the way back waits; status says for what.');
  const statusCode = await type('status');

  await next(
    'It can wait',
    'The worker and the Temporal server are stopped and started again, as after a reboot in the middle of the night. The',
    'rollback stays where it was.',
  );
  const restarted = await stopwatch.measure('server and worker stopped and started again', async () => ({
    down: await type('down'),
    up: await type('up', '--detach'),
    state: (await inState('rollback-paused')).state,
  }));

  await next('The cause is cleared', "The container is nobody's. It goes, and the rollback goes on where it stopped.");
  await run('docker', 'rm', '--force', name);
  const resume = await type('resume');
  const untilEnd = await stopwatch.measure('the rest of the way back', () => type('watch'));
  await moreOrders(place, 50, 30_000, signal);

  await next(
    'Was anything lost?',
    'The client stops. Every order that was ever acknowledged is looked up, one by one.',
  );
  const load = await stopLoad(place, signal);
  const orders = await stopwatch.measure('looking every order up', () => findOrders(place, demo.url, signal));
  screen.say(`${orders.acknowledged} acknowledged, ${orders.found} found, ${orders.lost} lost`);
  const after = await identityOfOrders(place.project);

  await next('The whole story');
  await type('history');
  const account = await ask<RunAccount>('history');
  return {
    target: place.project,
    ui: demo.ui,
    exitCodes: { lint, plan, start, untilApproval, untilParked, status: statusCode, resume, untilEnd },
    atGate,
    parked,
    restarted,
    end: await inState('rolled-back'),
    account,
    incident: await incidentOf(place.home, place.project),
    load,
    orders,
    table: { before, after },
    compose: {
      active: await readFile(join(place.shop, 'docker-compose.yml'), 'utf8'),
      expected: await readFile(join(place.shop, 'docker', 'v2-phase-2-orders.yml'), 'utf8'),
    },
  };
}

/** A table that was dropped, rewritten or replaced has other numbers. */
function identityOfOrders(project: string): Promise<string> {
  const query = "select oid, relfilenode from pg_class where oid = 'public.orders'::regclass";
  return docker(['exec', `${project}-db-1`, 'psql', '-U', 'postgres', '-d', 'shop', '-Atc', query]);
}

async function incidentOf(home: string, target: string): Promise<RollbackRecord> {
  const { records } = targetHome(target, { SWITCHBACK_HOME: home });
  return JSON.parse(await readFile(join(records, 'incident-1.json'), 'utf8')) as RollbackRecord;
}
