import { SwitchbackError } from '../../runbook/errors.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { ComposeModel } from '../compose/index.ts';
import { enabledServices } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import { isGood, listPoints, type StoredPoint } from '../points/index.ts';
import { volumeUsers } from '../volumes/index.ts';

/** Where the content of a clone's volume comes from. */
export type VolumeSource =
  { from: 'point'; point: StoredPoint } | { from: 'live' } | { from: 'store'; store: string } | { from: 'nothing' };

export interface ChosenVolume {
  key: string;
  /** As Docker knows the original. */
  original: string;
  source: VolumeSource;
}

export interface Choosing {
  engine: DockerEngine;
  plan: CompiledPlan;
  /** Of the active files, as the original runs them. */
  model: ComposeModel;
  /** Service by store. */
  services: Record<string, string>;
  points: string;
  signal: AbortSignal;
}

/** The newest recovery point of a resource that is whole. */
export async function newestPoint(points: string, kind: string, resource: string): Promise<StoredPoint | undefined> {
  const found = (await listPoints(points)).flatMap(({ point }) =>
    point &&
    isGood(point.manifest.state) &&
    point.manifest.source.kind === kind &&
    point.manifest.source.resource === resource
      ? [point]
      : [],
  );
  return found.sort((a, b) => (a.manifest.startedAt < b.manifest.startedAt ? 1 : -1))[0];
}

/**
 * Chooses for each volume of the stack: what a database keeps is restored from the store's own backup; else its newest recovery point;
 * else a copy of the live volume where the plan lets it be read in use, or nobody writes to it.
 * @throws SwitchbackError `PreconditionFailed` for a volume that can be had in no such way
 */
export async function chooseSources(choosing: Choosing): Promise<ChosenVolume[]> {
  const { model, engine, signal } = choosing;
  const chosen: ChosenVolume[] = [];
  for (const key of usedVolumes(model)) {
    const original = model.volumes[key]?.name ?? key;
    if (!(await engine.inspectVolume(original, { signal }))) {
      chosen.push({ key, original, source: { from: 'nothing' } });
      continue;
    }
    chosen.push({ key, original, source: await sourceOf(choosing, key, original) });
  }
  return chosen;
}

/** Volumes that enabled services mount, by their keys. */
export function usedVolumes(model: ComposeModel, only?: readonly string[]): string[] {
  const keys = enabledServices(model)
    .filter(([name]) => only === undefined || only.includes(name))
    .flatMap(([, service]) => service.volumes ?? [])
    .flatMap((mount) => (mount.type === 'volume' && mount.source !== undefined ? [mount.source] : []));
  return [...new Set(keys)];
}

async function sourceOf(choosing: Choosing, key: string, original: string): Promise<VolumeSource> {
  const { model, services, plan, points, engine, signal } = choosing;
  const store = Object.entries(services).find(([, service]) => usedVolumes(model, [service]).includes(key))?.[0];
  if (store !== undefined) return { from: 'store', store };
  const point = await newestPoint(points, 'volume', `volume:${original}`);
  if (point) return { from: 'point', point };
  if (readInUse(plan).has(original)) return { from: 'live' };
  const awake = (await volumeUsers(engine, original, { signal })).filter(
    (user) => user.writes && user.was !== 'stopped',
  );
  if (awake.length === 0) return { from: 'live' };
  throw new SwitchbackError(
    'PreconditionFailed',
    `volume ${original} has no recovery point, and ${awake.map((user) => user.name).join(', ')} writes to it`,
    {
      hint: 'Name it under `backup` of the phase: then it is copied from there. With `quiesce: none` it is read while in use.',
    },
  );
}

/** Volumes that the plan lets be read while they are in use. */
function readInUse(plan: CompiledPlan): Set<string> {
  const operations = plan.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations));
  return new Set(
    operations.flatMap((operation) =>
      operation.kind === 'backupVolume' && operation.input.quiesce === 'none' ? [operation.input.volume] : [],
    ),
  );
}
