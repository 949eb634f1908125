import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { isRunning } from '../../client/local/process-identity.ts';
import { startProcess } from '../../client/local/start-process.ts';
import { amendRecord, readRecord } from './claim.ts';
import type { Place } from './place.ts';

/** Orders a second: enough that a release which breaks under load breaks within seconds. */
const rate = 50;

/** What the load client says of itself. */
export interface LoadSummary {
  seconds: number;
  orders: number;
  acknowledged: number;
  notAcknowledged: number;
  failedAttempts: number;
  longestGapMs: number;
  latencyMs: { p50: number; p95: number; p99: number; max: number };
}

/** What became of the orders that were acknowledged. */
export interface Found {
  acknowledged: number;
  found: number;
  lost: number;
  unchecked: number;
}

/** Starts the client in the background, in a group of its own: Ctrl-C must not end it before its log is complete. */
export async function startLoad(place: Place, url: string): Promise<void> {
  const { acks, stopFile, loadLog, shop } = place;
  const words = ['--url', url, '--log', acks, '--until-file', stopFile, '--rate', String(rate)];
  const load = await startProcess({
    name: 'the load client',
    file: process.execPath,
    args: [join(shop, 'load.mjs'), ...words],
    env: process.env,
    log: loadLog,
  });
  await amendRecord(place, { load });
}

/** How many orders were acknowledged so far. */
export async function acknowledgedSoFar({ acks }: Place): Promise<number> {
  // Written with the first acknowledgement.
  const text = existsSync(acks) ? await readFile(acks, 'utf8') : '';
  return text.split('\n').length - 1;
}

/** Waits until so many more orders were acknowledged. @throws Error when that takes longer than `withinMs` */
export async function moreOrders(place: Place, count: number, withinMs: number, signal: AbortSignal): Promise<void> {
  const wanted = (await acknowledgedSoFar(place)) + count;
  for (const deadline = Date.now() + withinMs; (await acknowledgedSoFar(place)) < wanted;) {
    if (Date.now() > deadline) throw new Error(`the shop did not take ${count} orders within ${withinMs / 1000} s`);
    await wait(50, undefined, { signal });
  }
}

/** Ends the load; open orders are still waited for by the client. */
export async function stopLoad(place: Place, signal: AbortSignal): Promise<LoadSummary> {
  await writeFile(place.stopFile, '');
  const load = (await readRecord(place))?.load;
  for (const deadline = Date.now() + 30_000; await isRunning(load);) {
    if (Date.now() > deadline) throw new Error('the load client does not end');
    await wait(50, undefined, { signal });
  }
  const said = await readFile(place.loadLog, 'utf8');
  const summary = /^\{$[^]*^\}$/m.exec(said)?.[0];
  if (summary === undefined) throw new Error(`the load client ended without a summary: ${said.slice(-500)}`);
  return JSON.parse(summary) as LoadSummary;
}

/** Looks every acknowledged order up. */
export async function findOrders({ shop, acks }: Place, url: string, signal: AbortSignal): Promise<Found> {
  const words = [join(shop, 'verify-acks.mjs'), '--url', url, '--log', acks];
  const { stdout } = await execa(process.execPath, words, { reject: false, cancelSignal: signal, timeout: 120_000 });
  signal.throwIfAborted();
  return JSON.parse(stdout) as Found;
}
