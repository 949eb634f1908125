import { containerNamesOf, enabledServices, imageOf, mayEnd, replicasOf, type ComposeModel } from './compose-model.ts';
import type { Obstacle, ServiceChange } from './prediction.ts';
import type { PredictionInput } from './prediction-input.ts';
import type { WorldContainer } from './stack-world.ts';

/** What happens to each service, and to what no service owns any more. */
export function predictServices(input: PredictionInput): ServiceChange[] {
  const { world, model } = input;
  const changes = enabledServices(model).map(([name]) =>
    predictService(
      name,
      world.own.filter((container) => container.service === name),
      input,
    ),
  );
  const orphans = orphansOf(world.own, model);
  for (const service of new Set(orphans.map(serviceOrName))) {
    const containers = orphans.filter((container) => serviceOrName(container) === service);
    const ours = containers.every((container) => input.ours.has(container.id));
    const runs = containers.some((container) => container.state !== 'exited' && container.state !== 'created');
    const why = ['not in this checkpoint', ...(ours ? [] : ['not made by Switchback']), 'kept for the way back'];
    if (runs) changes.push({ service, fate: 'stopped', why });
    else if (ours && containers.every(({ state }) => state === 'created'))
      changes.push({ service, fate: 'removed', why: ['not in this checkpoint', 'never ran'] });
  }
  return changes;
}

const serviceOrName = (container: WorldContainer) => container.service ?? container.name;

function predictService(name: string, containers: WorldContainer[], input: PredictionInput): ServiceChange {
  const { model, before, hashes, images } = input;
  if (containers.length === 0) return { service: name, fate: 'created', why: [] };
  const why: string[] = [];
  if (containers.some((container) => container.configHash !== hashes[name]))
    why.push(...differences(name, before, model));
  const image = images[name];
  if (image !== undefined && containers.some((container) => container.imageId !== image) && !why.includes('image')) {
    why.push('image');
  }
  if (input.recreate.has(name)) why.push(input.recreate.get(name)!);
  const surplus = containers.length - replicasOf(model.services[name]!);
  if (why.length > 0 && surplus > 0)
    why.push(`${containers.length} containers become ${replicasOf(model.services[name]!)}`);
  if (why.length > 0) return { service: name, fate: 'recreated', why };
  if (containers.length < replicasOf(model.services[name]!))
    return { service: name, fate: 'created', why: ['more replicas'] };
  const wanted = replicasOf(model.services[name]!);
  if (containers.length > wanted)
    return { service: name, fate: 'scaled', why: [`${containers.length} containers become ${wanted}`] };
  if (containers.every((container) => container.state === 'running'))
    return { service: name, fate: 'unchanged', why: [] };
  const ended = containers.every((container) => container.state === 'exited');
  if (ended && mayEnd(model, name)) return { service: name, fate: 'runs-again', why: ['one-shot'] };
  return { service: name, fate: 'started', why: [containers.map((container) => container.state).join(', ')] };
}

/** Names of the settings that differ: never their values, which may be secrets. */
function differences(name: string, before: ComposeModel | undefined, after: ComposeModel): string[] {
  const old = before?.services[name];
  const next = after.services[name];
  if (!old || !next) return ['configuration'];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const changed = keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(next[key]));
  return changed.length === 0 ? ['configuration'] : changed.sort();
}

/** Containers of the project whose service is in no profile of the model. */
export function orphansOf(own: readonly WorldContainer[], model: ComposeModel): WorldContainer[] {
  return own.filter((container) => container.service === undefined || !(container.service in model.services));
}

/** Images that are not on the engine. */
export function missingImages({ model, images }: PredictionInput): Obstacle[] {
  return enabledServices(model).flatMap(([name]) => {
    if (images[name] !== undefined) return [];
    const image = imageOf(model, name);
    return [
      {
        error: 'PreconditionFailed' as const,
        message: `image ${image} of service ${name} is not on this host`,
        hint:
          model.services[name]?.build === undefined
            ? `Get it with \`docker pull ${image}\`.`
            : `Build it with \`docker compose build ${name}\`.`,
        facts: { image, service: name },
      },
    ];
  });
}

/** Names that containers of this checkpoint need and that others hold. */
export function takenNames({ world, model, ours }: PredictionInput): Obstacle[] {
  const leaving = new Set(orphansOf(world.own, model).filter((container) => ours.has(container.id)));
  const holders = new Map(
    [...world.own, ...world.foreign].filter((holder) => !leaving.has(holder)).map((holder) => [holder.name, holder]),
  );
  return enabledServices(model).flatMap(([service]) =>
    containerNamesOf(model, service).flatMap((name) => {
      const holder = holders.get(name);
      if (!holder || (world.own.includes(holder) && holder.service === service)) return [];
      return [
        {
          error: 'Conflict' as const,
          message: `service ${service} needs the container name ${name}, which ${whose(holder)} has`,
          hint: `If it is not needed, remove it with \`docker rm -f ${name}\`; else rename it with \`docker rename ${name} ${name}-old\`. Then resume.`,
          facts: { container: name, service, holder: holder.id.slice(0, 12) },
        },
      ];
    }),
  );
}

export function whose(container: WorldContainer): string {
  if (container.project === undefined) return `a container of nobody's project (${container.state})`;
  return `service ${container.service ?? '?'} of project ${container.project} (${container.state})`;
}
