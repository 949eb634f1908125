import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { SwitchbackError } from '../../runbook/errors.ts';
import { compareEntries, dataFault, sayChange, type DataChange } from '../../runbook/guard/data-account.ts';
import { bytesName, isBytes } from '../../runbook/guard/index.ts';
import type { JsonObject } from '../../runbook/json.ts';
import { plural } from '../../runbook/plural.ts';
import { pause, type DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import { entriesOf, helperJob, listEntries, mostEntries, type DataPlace } from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';

export interface DataDependencies {
  engine: DockerEngine;
  stores: StoreDrivers;
}

/** What is protected, as it was at one moment. Kept with an intent or a receipt. */
export type DataMark = {
  /** By its name: the list of what is in it, in the content store. */
  bytes: Record<string, { digest: string } | { unknown: string }>;
  /** Identities of stores that answered. */
  stores: Record<string, string>;
  /** It was made as the oldest phase began that goes back. */
  sincePhase?: true;
};

/** How long a server may take to answer after its service was called ready. */
const answersWithinMs = 20_000;

/** Looks at what is protected, and which databases the stores are, before something is done. On a clone nothing is. */
export async function markData(deps: DataDependencies, context: EffectContext): Promise<DataMark | undefined> {
  if (context.plan.stack.cloneOf !== undefined) return undefined;
  const mark: DataMark = { bytes: {}, stores: {} };
  for (const [name, place] of placesOf(context)) {
    const list = await listed(deps, context, place);
    mark.bytes[name] = 'text' in list ? { digest: await context.keep(gzipSync(list.text)) } : { unknown: list.unknown };
  }
  for (const store of Object.keys(context.plan.stores)) {
    const identity = await identified(deps, context, store);
    if ('identity' in identity) mark.stores[store] = identity.identity;
  }
  return mark;
}

/**
 * Where a rollback begins to count: what was protected as the oldest phase began that goes back, where that is known. What an operation did
 * that failed half-way is seen by nobody else.
 */
export async function markBefore(deps: DataDependencies, context: EffectContext): Promise<DataMark | undefined> {
  if (context.plan.stack.cloneOf !== undefined) return undefined;
  if (context.operation.stage !== 'rollback') return markData(deps, context);
  for (const key of [...(context.operation.undoes ?? [])].reverse()) {
    const [run, phase] = key.split('/');
    const facts = await context.factsOf(`${phase}/preflight/01-checkPreflight`, run);
    const mark = facts?.['mark'] as DataMark | undefined;
    if (mark !== undefined) return { ...mark, sincePhase: true };
  }
  return markData(deps, context);
}

/** Looks again, and tells what has changed since. */
export async function compareData(
  deps: DataDependencies,
  context: EffectContext,
  mark: DataMark,
): Promise<DataChange[]> {
  const changes: DataChange[] = [];
  for (const [name, place] of placesOf(context)) {
    const before = mark.bytes[name];
    if (before === undefined) continue;
    const list = 'unknown' in before ? before : await listed(deps, context, place);
    if ('unknown' in before || !('text' in list)) {
      changes.push({ name, unknown: 'unknown' in list ? list.unknown : 'it could not be read' });
      continue;
    }
    const then = gunzipSync(await context.kept(before.digest)).toString('utf8');
    changes.push(compareEntries(name, entriesOf(then), entriesOf(list.text)));
  }
  for (const [store, identity] of Object.entries(mark.stores)) {
    const now = await identified(deps, context, store, answersWithinMs);
    const name = `store ${store}`;
    changes.push('identity' in now ? { name, same: now.identity === identity } : { name, ...now });
  }
  return changes;
}

/** @throws SwitchbackError `ValidationMismatch` where data is gone, or another database stands in its place */
export function requireData(changes: readonly DataChange[]): void {
  const fault = dataFault(changes);
  if (fault)
    throw new SwitchbackError('ValidationMismatch', fault.message, {
      hint: fault.hint,
      facts: { data: changes.map(sayChange).join('; ').slice(0, 600) },
    });
}

/**
 * Tells what became of the data since it was marked. On the way back it only tells: that has to go on; and so it does where a person has
 * let it pass before.
 * @throws SwitchbackError `ValidationMismatch`
 */
export async function accountForData(
  deps: DataDependencies,
  context: EffectContext,
  mark: DataMark | undefined,
  letPass = context.operation.stage === 'rollback',
): Promise<{ facts: JsonObject; says: string }> {
  if (mark === undefined) return { facts: {}, says: '' };
  context.progress({ doing: 'looking at what is protected' });
  const changes = await compareData(deps, context, mark);
  if (!letPass) requireData(changes);
  if (changes.length === 0) return { facts: {}, says: '' };
  const facts = { data: changes, ...(mark.sincePhase && { sincePhase: true }) };
  return { facts, says: `; ${changes.map(sayChange).join('; ')}` };
}

function placesOf({ plan }: EffectContext): [string, DataPlace][] {
  return plan.protect
    .filter(isBytes)
    .map((resource) => [
      bytesName(resource),
      'volume' in resource
        ? { type: 'volume', source: resource.volume }
        : { type: 'bind', source: resolve(plan.stack.directory, resource.path) },
    ]);
}

async function listed(
  { engine }: DataDependencies,
  context: EffectContext,
  place: DataPlace,
): Promise<{ text: string } | { unknown: string }> {
  // One that is not there has no entries; a helper would make it.
  if (place.type === 'volume' && !(await engine.inspectVolume(place.source, { signal: context.signal })))
    return { text: '' };
  const job = await helperJob(engine, helperOwner(context), 180_000);
  try {
    const text = await listEntries(job, place);
    return text === undefined ? { unknown: `it has more than ${plural(mostEntries, 'entry', 'entries')}` } : { text };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof SwitchbackError) return { unknown: error.message.slice(0, 200) };
    throw error;
  } finally {
    await rm(job.scratch, { recursive: true, force: true });
  }
}

async function identified(
  { stores }: DataDependencies,
  context: EffectContext,
  store: string,
  withinMs = 0,
): Promise<{ identity: string } | { same: false } | { unknown: string }> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      const identity = await withStore(stores, context, store, ['probe'], (opened) => opened.identity());
      return { identity };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof SwitchbackError)) throw error;
      // The server answers, and has no such database any more.
      if (error.facts['code'] === '3D000') return { same: false };
      if (error.name !== 'Unreachable' || performance.now() >= end) return { unknown: error.message.slice(0, 200) };
      await pause(500, context.signal);
    }
  }
}
