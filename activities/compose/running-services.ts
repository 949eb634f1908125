import { plain } from './compare-container.ts';
import { enabledServices, type ComposeModel } from './compose-model.ts';
import type { SeenContainer } from './seen-container.ts';

export interface MovedVolume {
  service: string;
  target: string;
  /** Name of the volume that the container mounts. */
  mounted: string;
  /** Name that the model gives it. */
  named: string;
}

/** Volumes of which containers mount another one than the model names at the same place: data that the model does not see. Pure. */
export function movedVolumes(model: ComposeModel, seen: readonly SeenContainer[]): MovedVolume[] {
  const found = enabledServices(model).flatMap(([service, { volumes = [] }]) =>
    volumes.flatMap(({ type, source, target }) => {
      const named = type === 'volume' && source !== undefined ? model.volumes[source]?.name : undefined;
      if (named === undefined) return [];
      return seen
        .filter((container) => container.service === service)
        .flatMap(({ mounts }) => mounts.filter((mount) => mount.type === 'volume' && mount.target === plain(target)))
        .filter(({ source: mounted }) => mounted !== named && mounted !== '')
        .map(({ source: mounted }) => ({ service, target, mounted, named }));
    }),
  );
  const key = ({ service, target, mounted }: MovedVolume) => [service, target, mounted].join(' ');
  return found.filter((one, index) => found.findIndex((other) => key(other) === key(one)) === index);
}

/** Services that live in a namespace of one of these (`network_mode`, `pid`, `ipc`), and those in theirs: cut off when it is recreated. */
export function sharersOf(model: ComposeModel, services: readonly string[]): string[] {
  const found = new Set(services);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [name, service] of enabledServices(model)) {
      const shared = [service.network_mode, service['pid'], service['ipc']];
      if ([...found].some((owner) => shared.includes(`service:${owner}`))) found.add(name);
    }
  }
  return [...found].filter((name) => !services.includes(name));
}
