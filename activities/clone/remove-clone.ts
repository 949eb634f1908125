import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRehearsalTarget, labels, rehearsalProject, rehearsedTarget } from '../../runbook/names.ts';
import { composeLabel, type ComposeCli } from '../compose/index.ts';
import type { DockerEngine, Labels } from '../docker/index.ts';
import type { TargetHome } from '../effect.ts';

export interface ClonesOf {
  engine: DockerEngine;
  compose: ComposeCli;
  /** The original. */
  target: string;
  home: TargetHome;
  signal: AbortSignal;
}

/**
 * Removes every clone of a target, also what a dead predecessor left: containers, networks and volumes by their label, the homes with
 * all that is in them. What does not carry a clone's label is not touched.
 * @returns how many things were removed
 */
export async function removeClones(clones: ClonesOf): Promise<number> {
  const { engine, signal, target } = clones;
  const homes = await clonedHomes(clones);
  // A Compose that a killed worker left running would go on making containers behind our back.
  for (const home of homes) await endCompose(clones, home);
  const mine = (found: Labels | undefined | null) => isCloneOf(found?.[labels.target], target);
  const filters = JSON.stringify({ label: [labels.target] });
  let removed = 0;
  for (const { Id, Labels: found } of await engine.listByLabel({ [labels.target]: '' }, { signal })) {
    if (!mine(found)) continue;
    // With their anonymous volumes, which nobody else can have.
    await engine.find(`remove container ${Id}`, { signal, deadlineMs: 120_000 }, (docker) =>
      docker.getContainer(Id).remove({ force: true, v: true }),
    );
    removed += 1;
  }
  for (const network of await engine.call('list networks', { signal }, (docker) => docker.listNetworks({ filters }))) {
    if (!mine(network.Labels)) continue;
    await engine.find(`remove network ${network.Name}`, { signal }, (docker) => docker.getNetwork(network.Id).remove());
    removed += 1;
  }
  const { Volumes } = await engine.call('list volumes', { signal }, (docker) => docker.listVolumes({ filters }));
  for (const volume of Volumes ?? []) {
    if (!mine(volume.Labels)) continue;
    await engine.find(`remove volume ${volume.Name}`, { signal }, (docker) => docker.getVolume(volume.Name).remove());
    removed += 1;
  }
  for (const home of homes) await rm(home, { recursive: true, force: true });
  return removed;
}

const isCloneOf = (value: string | undefined, target: string) =>
  value !== undefined && isRehearsalTarget(value) && rehearsedTarget(value) === target;

/** Homes of clones lie beside the original's. */
async function clonedHomes({ home, target }: ClonesOf): Promise<string[]> {
  const folder = dirname(home.root);
  return (await readdir(folder)).filter((name) => isCloneOf(name, target)).map((name) => join(folder, name));
}

async function endCompose({ compose, target, signal }: ClonesOf, home: string): Promise<void> {
  await compose.untilIdle(rehearsalProject(target), { lockFolder: home, doing: 'removing the clone', signal });
}

/** Containers of the clone's project that no rehearsal made: then somebody has a stack of that name. */
export async function strangersIn(
  { engine, signal }: Pick<ClonesOf, 'engine' | 'signal'>,
  project: string,
): Promise<string[]> {
  const found = await engine.listByLabel({ [composeLabel.project]: project }, { signal });
  return found.map(({ Names, Id }) => (Names[0] ?? Id).replace(/^\//, ''));
}
