import {
  orphansOf,
  composeLabel,
  readWorld,
  type ComposeModel,
  type StackWorld,
  type WorldContainer,
} from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';

export interface SettledOrphans {
  removed: string[];
  stopped: string[];
}

/**
 * Stops containers of the project that the checkpoint has no service for, before `up`: they may hold ports that it needs. They are kept,
 * so that the way back starts these very containers with what is in them. Only those of ours that never ran, or whose names the
 * checkpoint needs, are not kept as they are: the first are removed, the others get another name.
 * @param stack `beside`: names of containers that run beside the checkpoint on purpose
 */
export async function settleOrphans(
  engine: DockerEngine,
  stack: {
    world: StackWorld;
    model: ComposeModel;
    ours: ReadonlySet<string>;
    beside: readonly string[];
    /** Names that containers of the checkpoint need. */
    names: ReadonlySet<string>;
  },
  options: { signal: AbortSignal; fence: () => Promise<void>; onOrphan: (name: string) => void },
): Promise<SettledOrphans> {
  const settled: SettledOrphans = { removed: [], stopped: [] };
  for (const orphan of orphansOf(stack.world.own, stack.model)) {
    const own = stack.ours.has(orphan.id);
    const empty = own && orphan.state === 'created';
    const needed = own && stack.names.has(orphan.name);
    if (stack.beside.includes(orphan.name) || (!empty && !needed && !runs(orphan))) continue;
    options.onOrphan(orphan.name);
    await options.fence();
    // By SIGTERM and with its own grace period: it may have something to write down.
    if (runs(orphan)) await engine.stopContainer(orphan.id, { signal: options.signal });
    if (empty) {
      const labels = { [composeLabel.project]: stack.model.name, [composeLabel.service]: orphan.service ?? '' };
      await engine.removeContainer(orphan.id, labels, { signal: options.signal });
    }
    (empty ? settled.removed : settled.stopped).push(orphan.name);
    if (!empty) await setRestart(engine, orphan, 'no', options.signal);
    if (!empty && needed) await rename(engine, orphan, keptName(orphan), options.signal);
  }
  return settled;
}

const kept = /^(.+)\.kept-[0-9a-f]{12}$/;
const keptName = ({ name, id }: WorldContainer) => `${name}.kept-${id.slice(0, 12)}`;

/** Gives containers that were kept their names and restart policies again, where their services are part of the checkpoint. */
export async function reviveKept(
  engine: DockerEngine,
  { world, model }: { world: StackWorld; model: ComposeModel },
  options: { signal: AbortSignal; fence: () => Promise<void> },
): Promise<void> {
  const taken = new Set([...world.own, ...world.foreign].map(({ name }) => name));
  for (const container of world.own) {
    const service = container.service === undefined ? undefined : model.services[container.service];
    if (!service) continue;
    if (service.restart !== undefined && container.state === 'exited') {
      await options.fence();
      await setRestart(engine, container, service.restart, options.signal);
    }
    const name = kept.exec(container.name)?.[1];
    if (name === undefined || taken.has(name)) continue;
    await options.fence();
    await rename(engine, container, name, options.signal);
    taken.add(name);
  }
}

/** A container that is stopped comes back with the Docker daemon where its policy is `always`. @param policy as Compose writes it */
async function setRestart(engine: DockerEngine, { id, name }: WorldContainer, policy: string, signal: AbortSignal) {
  const [Name, retries] = policy.split(':');
  const RestartPolicy = { Name, ...(retries === undefined ? {} : { MaximumRetryCount: Number(retries) }) };
  await engine.call(`set the restart policy of container ${name}`, { signal }, (docker) =>
    docker.getContainer(id).update({ RestartPolicy }),
  );
}

async function rename(engine: DockerEngine, { id, name: old }: WorldContainer, name: string, signal: AbortSignal) {
  await engine.call(`rename container ${old}`, { signal }, (docker) => docker.getContainer(id).rename({ name }));
}

/** Starts containers again that another checkpoint had stopped. One that is gone is nobody's to miss. */
export async function startAgain(
  engine: DockerEngine,
  names: readonly string[],
  context: Pick<EffectContext, 'plan' | 'signal' | 'fence'>,
): Promise<void> {
  if (names.length === 0) return;
  const { own } = await readWorld(engine, context.plan.stack.project, { signal: context.signal });
  for (const container of own) {
    if (!names.includes(container.name) || runs(container)) continue;
    await context.fence();
    await engine.startContainer(container.id, { signal: context.signal });
  }
}

export function runs(container: WorldContainer): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}
