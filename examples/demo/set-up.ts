import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { freePort } from '../../client/local/free-port.ts';
import { readUpRecord } from '../../client/settings/up-record.ts';
import { compose, dockerList } from './docker.ts';
import { moreOrders, startLoad } from './load.ts';
import { operatorAt, type Operator } from './operator.ts';
import type { Place } from './place.ts';
import type { Screen } from './screen.ts';
import type { Stopwatch } from './stopwatch.ts';

/** Everything that a story needs: a shop that sells, Temporal and a worker, and somebody at a terminal. */
export interface Demo {
  place: Place;
  screen: Screen;
  signal: AbortSignal;
  stopwatch: Stopwatch;
  operator: Operator;
  /** Address of the shop. */
  url: string;
  /** Address of the Temporal Web UI. */
  ui: string;
}

/** An API v2 that passes its health check, and breaks after so many orders. */
const broken = ['--set', 'SHOP_FAULT=verify', '--set', 'SHOP_FAULT_AFTER=100'];

/** Five that run and answer their health checks; the sixth has done its work. */
const healthyServices = 5;

export interface Stage extends Pick<Demo, 'screen' | 'signal' | 'stopwatch'> {
  /** Whether the release of the API v2 is one that breaks under load. */
  brokenRelease: boolean;
  /** More of the environment of what is typed, and so of the worker. */
  environment?: Record<string, string>;
}

/** Sets the stage in a scratch folder that was claimed: images, a shop on v1 with orders coming in, Temporal and a worker. */
export async function setUp(place: Place, stage: Stage): Promise<Demo> {
  const { screen, signal, stopwatch, brokenRelease, environment = {} } = stage;
  await stopwatch.measure('images', () => buildImages(place, signal));
  const copy = await stopwatch.measure('a copy of the shop', () =>
    copyShop(place, brokenRelease ? broken : [], signal),
  );
  const { url, SHOP_DB_PORT: port } = copy;
  screen.say(`a copy of the shop is in ${place.shop}, as Compose project ${place.project}`);

  // The demo's own password, which stands in the shop's env files for all to read.
  const secrets = {
    SHOP_ADMIN_URL: `postgres://postgres:admin-local-demo@127.0.0.1:${port}/shop`,
    // A worker serves no variable of its own environment that is not named.
    SWITCHBACK_SECRETS: 'SHOP_ADMIN_URL',
  };
  const operator = operatorAt({ place, screen, signal, environment: { ...environment, ...secrets } });

  // Both take seconds, and neither needs the other.
  const temporal = stopwatch.measure('Temporal and a worker', () => upTemporal(place, operator));
  const v1 = stopwatch.measure('the shop on v1', () => upShop(place, url, signal));
  // When one fails, the other must have come to its end before anything is cleared away.
  await Promise.allSettled([temporal, v1]);
  const ui = await temporal;
  await v1;
  await startLoad(place, url);
  await moreOrders(place, 100, 30_000, signal);
  screen.say(
    `\nthe shop takes orders at ${url}; a client sends 50 a second, and writes down each one that was acknowledged`,
  );
  return { place, screen, signal, stopwatch, operator, url, ui };
}

async function buildImages({ root }: Place, signal: AbortSignal): Promise<void> {
  await execa(join(root, 'examples', 'shop', 'build-images'), { cancelSignal: signal, timeout: 900_000 });
}

async function copyShop({ root, shop, project }: Place, settings: string[], signal: AbortSignal) {
  const program = join(root, 'examples', 'shop', 'copy-to.mjs');
  const words = [program, shop, '--project', project, ...settings];
  const { stdout } = await execa(process.execPath, words, { cancelSignal: signal, timeout: 60_000 });
  return JSON.parse(stdout) as { url: string; SHOP_DB_PORT: number };
}

/** Starts Temporal and a worker. @returns the address of the Web UI */
export async function upTemporal(place: Place, operator: Operator): Promise<string> {
  // Free ones rather than the usual ones: demos and suites of several checkouts start at the same time.
  const [port, uiPort] = [await freePort(), await freePort()];
  const exitCode = await operator.type('up', '--detach', '--port', String(port), '--ui-port', String(uiPort));
  const record = await readUpRecord(place.home);
  if (exitCode !== 0 || record === undefined) throw new Error(`switchback up exited with ${exitCode}`);
  return record.ui;
}

async function upShop(place: Place, url: string, signal: AbortSignal): Promise<void> {
  await compose(place, ['up', '--detach', '--no-build', '--pull', 'never'], signal);
  const healthy = [
    'ps',
    '--quiet',
    '--filter',
    `label=com.docker.compose.project=${place.project}`,
    '--filter',
    'health=healthy',
  ];
  for (const deadline = Date.now() + 60_000; ;) {
    if ((await dockerList(healthy)).length >= healthyServices && (await answers(url))) return;
    if (Date.now() > deadline)
      throw new Error(`the shop is not healthy after a minute: docker compose -p ${place.project} ps -a`);
    await wait(200, undefined, { signal });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    // Not yet.
    return false;
  }
}
