import { composeLabel, withoutCompose } from './compose-labels.ts';
import { enabledServices, type ComposeModel, type ComposeVolume } from './compose-model.ts';
import type { Obstacle, ResourceChange } from './prediction.ts';
import type { PredictionInput } from './prediction-input.ts';
import { movedVolumes } from './running-services.ts';
import type { WorldVolume } from './stack-world.ts';

export interface VolumeForecast {
  volumes: ResourceChange[];
  obstacles: Obstacle[];
  warnings: string[];
}

/**
 * What happens to volumes. Compose offers to recreate one whose definition has changed, which empties it, so a changed definition of
 * a volume that exists is refused. A volume that is no longer mentioned stays, with its data, also a protected one: Compose leaves out
 * of its answer what no service mounts, and removes no volume on `up`.
 */
export function predictVolumes(input: PredictionInput): VolumeForecast {
  const { world, model, before, protectedVolumes } = input;
  const forecast: VolumeForecast = { volumes: [], obstacles: [], warnings: [] };
  for (const [key, volume] of Object.entries(usedVolumes(model))) {
    const existing = world.volumes.get(volume.name);
    if (!existing) {
      if (volume.external) forecast.obstacles.push(missingVolume(volume.name));
      else forecast.volumes.push({ name: volume.name, fate: 'created', why: [] });
      continue;
    }
    const why = volume.external ? [] : volumeDifferences(volume, existing, before?.volumes[key]);
    forecast.volumes.push({ name: volume.name, fate: why.length === 0 ? 'unchanged' : 'changed', why });
    if (why.length > 0) forecast.obstacles.push(changedVolume(volume.name, why, protectedVolumes.has(volume.name)));
  }
  forecast.obstacles.push(...leftBehind(input));
  const mentioned = new Set(Object.values(model.volumes).map((volume) => volume.name));
  for (const volume of Object.values(before?.volumes ?? {})) {
    if (mentioned.has(volume.name) || !world.volumes.has(volume.name)) continue;
    forecast.volumes.push({ name: volume.name, fate: 'kept', why: ['not in this checkpoint'] });
  }
  forecast.warnings.push(...movedMounts(input));
  return forecast;
}

/** Volumes that services which are started mount; Compose makes no others. */
export function usedVolumes(model: ComposeModel): Record<string, ComposeVolume> {
  const used = new Set(
    enabledServices(model).flatMap(([, service]) =>
      (service.volumes ?? []).flatMap((mount) =>
        mount.type === 'volume' && mount.source !== undefined ? [mount.source] : [],
      ),
    ),
  );
  return Object.fromEntries(Object.entries(model.volumes).filter(([key]) => used.has(key)));
}

/** In what an existing volume differs from its definition: names of settings. */
export function volumeDifferences(wanted: ComposeVolume, existing: WorldVolume, defined?: ComposeVolume): string[] {
  const why: string[] = [];
  if ((wanted.driver ?? 'local') !== existing.driver) why.push('driver');
  if (differ(wanted.driver_opts ?? {}, existing.options)) why.push('driver_opts');
  // One that Compose did not make has labels of its own, which say nothing about the definition.
  const madeByCompose = existing.labels[composeLabel.volume] !== undefined;
  if (madeByCompose && differ(wanted.labels ?? {}, withoutCompose(existing.labels))) why.push('labels');
  if (defined && defined.name === wanted.name) {
    if (differ(wanted.labels ?? {}, defined.labels ?? {}) && !why.includes('labels')) why.push('labels');
    if ((wanted.external ?? false) !== (defined.external ?? false)) why.push('external');
  }
  return why;
}

function differ(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.some((name) => a[name] !== b[name]);
}

/** Data that stays where it was, while the service looks elsewhere. */
function movedMounts({ world, model, before }: PredictionInput): string[] {
  return enabledServices(model).flatMap(([name, service]) => {
    const mounts = service.volumes ?? [];
    const old = before?.services[name]?.volumes ?? [];
    const replaced = mounts.flatMap((mount) => {
      const from = nameOf(
        before,
        old.find((candidate) => candidate.target === mount.target),
      );
      const to = nameOf(model, mount);
      if (from === undefined || to === undefined || from === to) return [];
      const empty = world.volumes.has(to) ? '' : ', which does not exist yet and will be empty';
      return [`service ${name} gets volume ${to} at ${mount.target} in place of ${from}${empty}`];
    });
    const moved = mounts.flatMap((mount) => {
      const volume = nameOf(model, mount);
      const places = old.filter((candidate) => nameOf(before, candidate) === volume).map(({ target }) => target);
      if (volume === undefined || places.length === 0 || places.includes(mount.target)) return [];
      return [`service ${name} gets volume ${volume} at ${mount.target}, where it was at ${places.join(' and ')}`];
    });
    return [...replaced, ...moved];
  });
}

/** A volume whose name alone has changed: Compose sees no change in the service, and its container keeps the old one. */
function leftBehind({ world, model, hashes, seen = [] }: PredictionInput): Obstacle[] {
  const kept = seen.filter(({ id, service }) =>
    world.own.some((container) => container.id === id && container.configHash === hashes[service]),
  );
  return movedVolumes(model, kept).map(({ service, target, mounted, named }) => ({
    error: 'PreconditionFailed' as const,
    message: `service ${service} has volume ${mounted} at ${target}, where its Compose file now names ${named}`,
    hint: `Compose moves no data and would leave the container where it is. Name the volume ${mounted} again, or give the new one a key of its own under \`volumes\` and move the data.`,
    facts: { service, volume: mounted, named },
  }));
}

function nameOf(
  model: ComposeModel | undefined,
  mount: { type: string; source?: string } | undefined,
): string | undefined {
  return mount?.type === 'volume' && mount.source !== undefined ? model?.volumes[mount.source]?.name : undefined;
}

function missingVolume(name: string): Obstacle {
  return {
    error: 'PreconditionFailed',
    message: `the external volume ${name} does not exist`,
    hint: `Make it, or restore it, first: \`docker volume create ${name}\`.`,
    facts: { volume: name },
  };
}

function changedVolume(name: string, why: string[], isProtected: boolean): Obstacle {
  return {
    error: isProtected ? 'Protected' : 'PreconditionFailed',
    message: `the definition of volume ${name} differs from the volume that exists: ${why.join(', ')}`,
    hint: 'Compose would have to remove the volume with its data to change that. Define it as it is, or use a new name and move the data.',
    facts: { volume: name, differs: why.join(', ') },
  };
}
