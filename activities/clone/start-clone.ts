import { SwitchbackError } from '../../runbook/errors.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { bringUp, loadCheckpoint, readActiveStack, type LoadedCheckpoint } from '../checkpoint/index.ts';
import { composeLabel, enabledServices, imageOf } from '../compose/index.ts';
import { backupStoreHandler } from '../effects/backup-store.ts';
import { withFetched } from '../effects/fetched-point.ts';
import type { EffectContext, Prepared } from '../effect.ts';
import { findPoint, type StoredPoint } from '../points/index.ts';
import { withStore } from '../stores/registry.ts';
import type { BuildOptions, Original } from './build-options.ts';
import { newestPoint, type ChosenVolume } from './choose-sources.ts';
import type { IsolatedCompose } from './isolated-compose.ts';

export interface CloneToStart {
  plan: CompiledPlan;
  compose: IsolatedCompose;
  /** Service by store. */
  services: Record<string, string>;
  volumes: readonly ChosenVolume[];
}

/**
 * Brings a clone up, databases first so that they are filled before anybody asks them.
 * @throws SwitchbackError `ValidationMismatch` when an image that the stack needs is missing: then the way back would not find it either
 */
export async function startClone(options: BuildOptions, clone: CloneToStart): Promise<string[]> {
  const { original, world, home } = options;
  const context = {
    ...original,
    ...{ plan: clone.plan, home, target: options.clone },
    keep: (bytes: Buffer) => options.keep(bytes),
    fence: async () => original.signal.throwIfAborted(),
  } as EffectContext;
  const deps = { engine: world.engine, compose: clone.compose };
  const active = await readActiveStack(context);
  const loaded = await loadCheckpoint(deps, context, active, await imagesNow(options));
  requirePresent(loaded);
  const ends = performance.now() + original.operation.timeoutSeconds * 1000;
  const up = (only?: string[]) =>
    bringUp(deps, context, loaded, {
      recreate: {},
      ...(only ? { only } : {}),
      onContainers: async () => undefined,
      deadline: () => Math.min(ends - performance.now(), 300_000),
    });
  const databases = [...new Set(Object.values(clone.services))].filter((service) => service in loaded.model.services);
  const notes: string[] = [];
  if (databases.length > 0) {
    original.progress({ doing: `starting ${databases.join(', ')}` });
    await up(databases);
    for (const store of Object.keys(clone.services)) notes.push(await seedStore(options, context, store));
  }
  original.progress({ doing: 'starting the clone' });
  await up();
  return notes;
}

/** Image of each service as the original runs it, as far as it is still there: its name may mean another one by now. */
async function imagesNow({ world: { engine }, original }: BuildOptions): Promise<Record<string, string>> {
  const { signal, plan } = original;
  const labels = { [composeLabel.project]: plan.stack.project, [composeLabel.oneOff]: 'False' };
  const images: Record<string, string> = {};
  for (const { Labels, ImageID } of await engine.listByLabel(labels, { signal })) {
    const service = Labels[composeLabel.service];
    if (service !== undefined && (await engine.inspectImage(ImageID, { signal }))) images[service] = ImageID;
  }
  return images;
}

function requirePresent({ model, images }: LoadedCheckpoint): void {
  const missing = enabledServices(model).filter(([name]) => images[name] === undefined);
  if (missing.length === 0) return;
  const named = missing.map(([name]) => `image ${imageOf(model, name)} of service ${name}`);
  throw new SwitchbackError('ValidationMismatch', `${named.join(', ')} is not on this host: the way back leads to it`, {
    hint: 'Build or pull it, or load it from a copy with `docker load`, before the phase begins.',
  });
}

/** Fills a store of the clone: from the newest backup of its original where the phase has just made it, else from one made for this. */
async function seedStore(options: BuildOptions, clone: EffectContext, store: string): Promise<string> {
  const { original, world } = options;
  const point = await freshPoint(options, store);
  original.progress({ doing: `restoring store ${store}` });
  await withFetched(world.engine, point, original, (fetched) =>
    withStore(world.stores, clone, store, ['rehearse'], (opened) => opened.rehearse.seed(fetched)),
  );
  const { run, point: name, target } = point.manifest;
  return target === original.target
    ? `store ${store} from recovery point ${run}/${name}`
    : `store ${store} from a backup made for the rehearsal`;
}

async function freshPoint(options: BuildOptions, store: string): Promise<StoredPoint> {
  const { original, clone, home, world } = options;
  const known = await newestPoint(original.home.points, original.plan.stores[store]!.kind, `store:${store}`);
  if (known?.manifest.run === original.runId) return known;
  original.progress({ doing: `backing up store ${store}` });
  const context = backupContext(original, clone, home);
  const nothing: Prepared = { undo: { by: 'nothing', summary: 'it only reads' }, facts: {} };
  const input = { store, point: store };
  await backupStoreHandler(world).perform(input, context, nothing);
  return findPoint(home.points, store, original.runId);
}

/** What a backup sees: the original's store, but the clone's home alone to write into, and the clone's label on its helpers. */
function backupContext(original: Original, clone: string, home: BuildOptions['home']): EffectContext<'backupStore'> {
  const { repository: _elsewhere, ...plan } = original.plan;
  return {
    ...original,
    ...{ target: clone, home, plan },
    fence: async () => original.signal.throwIfAborted(),
    bindIdentity: async () => undefined,
  } as unknown as EffectContext<'backupStore'>;
}
