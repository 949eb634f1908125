import type { ProtectedResource } from '../compiled-plan.ts';
import { dockerName, type ComposeFacts, type ComposeMount } from '../plan/compose-facts.ts';

/** What is protected down to its bytes. */
export type ProtectedBytes = Extract<ProtectedResource, { volume: string } | { path: string }>;

/** A way in which a service of a Compose file can write to what is protected. */
export interface WritableMount {
  service: string;
  mount: ComposeMount;
  /** The service that mounts it itself, where this one takes over its mounts (`volumes_from`). */
  from?: string;
}

export interface StackPlace {
  project: string;
  /** Absolute. */
  directory: string;
  /** Profiles that are on. */
  profiles: readonly string[];
  /** Folder of the host in which a protected volume lies, where it is known. */
  mountpoint?: string | undefined;
}

/** All mounts by which services that are started can write to what is protected, also under another name. */
export function writableMounts(facts: ComposeFacts, resource: ProtectedBytes, place: StackPlace): WritableMount[] {
  return Object.values(facts.services)
    .filter(({ profiles }) => profiles.length === 0 || profiles.some((profile) => place.profiles.includes(profile)))
    .flatMap(({ name }) =>
      mountsOf(facts, name)
        .filter(({ mount }) => !mount.readOnly && reaches(mount, facts, resource, place))
        .map(({ mount, from }) => ({ service: name, mount, ...(from === name ? {} : { from }) })),
    );
}

/** The mounts of a service, and those that it takes over from others. */
function mountsOf(
  facts: ComposeFacts,
  service: string,
  seen: readonly string[] = [],
): { mount: ComposeMount; from: string }[] {
  const definition = facts.services[service];
  if (definition === undefined || seen.includes(service)) return [];
  return [
    ...definition.mounts.map((mount) => ({ mount, from: service })),
    ...definition.mountsFrom.flatMap((source) =>
      mountsOf(facts, source.service, [...seen, service]).map(({ mount, from }) => ({
        mount: { ...mount, readOnly: mount.readOnly || source.readOnly },
        from,
      })),
    ),
  ];
}

function reaches(mount: ComposeMount, facts: ComposeFacts, resource: ProtectedBytes, place: StackPlace): boolean {
  const { source } = mount;
  if (source === undefined) return false;
  const volume = mount.type === 'volume' ? facts.volumes[source] : undefined;
  if ('volume' in resource) {
    if (volume !== undefined && dockerName(place.project, volume) === resource.volume) return true;
    if (place.mountpoint === undefined) return false;
  }
  const folder = mount.type === 'bind' ? source : volume?.device;
  const path = folder === undefined ? undefined : absolute(folder, place.directory);
  const guarded = 'volume' in resource ? place.mountpoint! : absolute(resource.path, place.directory);
  return path !== undefined && guarded !== undefined && overlap(path, guarded);
}

/** Undefined where only Compose can tell, from variables or the home folder. */
function absolute(path: string, directory: string): string | undefined {
  if (path.includes('$') || path.startsWith('~')) return undefined;
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const overlap = (a: string, b: string) => `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`) || a === '/';
