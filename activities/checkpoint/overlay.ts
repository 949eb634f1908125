import { replicasOf, type ComposeModel, type ComposeMount } from '../compose/index.ts';

/** In what a checkpoint runs otherwise than its own file says. */
export interface Overlaid {
  /** Images by id. */
  pinned: Record<string, string>;
  /** Numbers of containers that somebody had asked for by hand. */
  replicas: Record<string, number>;
  /** Mounts of what is protected, read-only. */
  readOnly: Record<string, ComposeMount[]>;
}

/** A Compose file to be merged over a checkpoint's own; none where it runs as that says. */
export function overlayOf(model: ComposeModel, { pinned, replicas, readOnly }: Overlaid): string | undefined {
  const services: Record<string, object> = {};
  for (const [name, image] of Object.entries(pinned)) services[name] = { image };
  for (const [name, volumes] of Object.entries(readOnly)) services[name] = { ...services[name], volumes };
  for (const [name, count] of Object.entries(replicas)) {
    const service = model.services[name];
    // A second look at the model finds the number that the first overlay gave it.
    if (!service) continue;
    if (replicasOf(service) === count && Object.keys(readOnly).length === 0) continue;
    // Compose takes no two that differ.
    const scaled = service.deploy?.replicas === undefined ? { scale: count } : { deploy: { replicas: count } };
    services[name] = { ...services[name], ...scaled };
  }
  return Object.keys(services).length === 0 ? undefined : JSON.stringify({ services });
}
