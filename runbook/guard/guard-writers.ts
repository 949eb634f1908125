import type { ProtectedResource, ProtectedWriter } from '../compiled-plan.ts';
import type { ComposeFacts } from '../plan/compose-facts.ts';
import type { ComposeFinding } from './guard-compose.ts';
import { writableMounts, type ProtectedBytes, type StackPlace, type WritableMount } from './writable-mounts.ts';

/** Images with which each service may write to what is protected: names or ids, or any. */
export type AllowedWriters = ReadonlyMap<string, 'any' | ReadonlySet<string>>;

/** A service that would write to what is protected and may not. */
export interface Stranger extends WritableMount {
  /** The image that is not a writer's; none where the service is no writer at all. */
  image?: string;
}

export const isBytes = (resource: ProtectedResource): resource is ProtectedBytes =>
  'volume' in resource || 'path' in resource;

/** What is protected, in words. */
export const bytesName = (resource: ProtectedBytes) =>
  'volume' in resource ? `volume ${resource.volume}` : `path ${resource.path}`;

/** The plan's own writers, or by default those that mount it writable in the baseline. */
export function writersNamed(
  resource: ProtectedBytes,
  baseline: ComposeFacts,
  place: StackPlace,
): readonly ProtectedWriter[] {
  if (resource.writers !== undefined) return resource.writers;
  const services = new Set(writableMounts(baseline, resource, place).map(({ service }) => service));
  return [...services].map((service) => ({ service }));
}

/**
 * Puts together with which images each writer may write.
 * @param imagesOf those of a service in the baseline @param named what an image that an entry names is
 */
export function allowedWriters(
  writers: readonly ProtectedWriter[],
  imagesOf: (service: string) => readonly string[],
  named: (image: string) => readonly string[],
): AllowedWriters {
  const allowed = new Map<string, 'any' | Set<string>>();
  for (const { service, image, images } of writers) {
    const known = allowed.get(service) ?? new Set(imagesOf(service));
    if (images === 'any' || known === 'any') allowed.set(service, 'any');
    else allowed.set(service, new Set([...known, ...(image === undefined ? [] : named(image))]));
  }
  return allowed;
}

/** @param imageOf what a service would run; undefined where that cannot be told yet: then its image is not judged */
export function strangersTo(
  mounts: readonly WritableMount[],
  allowed: AllowedWriters,
  imageOf: (service: string) => string | undefined,
): Stranger[] {
  return mounts.flatMap((mount): Stranger[] => {
    const images = allowed.get(mount.service);
    if (images === undefined) return [mount];
    const image = imageOf(mount.service);
    if (images === 'any' || image === undefined || images.has(image)) return [];
    return [{ ...mount, image }];
  });
}

/** What is wrong with a stranger, and what the plan can say about it. */
export function strangerSays(
  resource: ProtectedBytes,
  { service, image, mount }: Stranger,
): Pick<ComposeFinding, 'message' | 'hint'> {
  const what = bytesName(resource);
  const at = `mounts the protected ${what} writable at ${mount.target}`;
  if (image === undefined) {
    return {
      message: `service ${service} ${at}, and is none of its writers`,
      hint: `Mount it read-only there, or say \`others: read-only\`; if ${service} is to write to it, name it among the \`writers\` of ${what}.`,
    };
  }
  return {
    message: `service ${service} ${at} with the image ${image}, which is not the one that writes to it in the baseline`,
    hint: `Another image can spoil what the first one wrote. If this one is to write to it, say so: \`writers: [{ service: ${service}, image: … }]\`, or \`images: any\`.`,
  };
}

/** Refuses, as far as files tell, a checkpoint in which somebody else than its writers could write to what is protected. */
export function guardWriters(
  next: ComposeFacts,
  baseline: ComposeFacts,
  protect: readonly ProtectedResource[],
  place: StackPlace,
): ComposeFinding[] {
  return protect.filter(isBytes).flatMap((resource) => {
    // Included files may mount it in the baseline: then only Compose knows who does.
    if (resource.others === 'read-only' || (resource.writers === undefined && baseline.partial)) return [];
    const imageOf = (service: string) => told(next.services[service]?.image);
    const then = (service: string) => baseline.services[service]?.image;
    const allowed = allowedWriters(
      writersNamed(resource, baseline, place),
      (service) => [then(service)].filter((image) => image !== undefined),
      (image) => [image],
    );
    const unsure = (service: string) =>
      baseline.services[service] !== undefined && told(then(service)) === undefined ? undefined : imageOf(service);
    return strangersTo(writableMounts(next, resource, place), allowed, unsure).map((stranger) => ({
      severity: 'error' as const,
      ...strangerSays(resource, stranger),
    }));
  });
}

/** The name of an image, where the file itself tells it; which image that is, only the engine knows. */
const told = (image: string | undefined) => (image === undefined || image.includes('$') ? undefined : image);
