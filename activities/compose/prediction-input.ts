import type { ComposeModel } from './compose-model.ts';
import type { SeenContainer } from './seen-container.ts';
import type { PublishedPort, StackWorld } from './stack-world.ts';

/** All that a prediction is made from. */
export interface PredictionInput {
  world: StackWorld;
  /** What the active files say, where they can be read. */
  before?: ComposeModel | undefined;
  /** What the next checkpoint says. */
  model: ComposeModel;
  /** Configuration hash of each service in `model`. */
  hashes: Record<string, string>;
  /** Image id that each service will run; none where the image is not on the engine. */
  images: Record<string, string | undefined>;
  /** Services that are recreated although Compose sees no change, and why. */
  recreate: ReadonlyMap<string, string>;
  /** How containers run, where it was looked at. */
  seen?: readonly SeenContainer[] | undefined;
  /** Ids of containers that runs of ours made. */
  ours: ReadonlySet<string>;
  protectedVolumes: ReadonlySet<string>;
  protectedNetworks: ReadonlySet<string>;
  /** Host ports on which something listens that is no container. */
  busyPorts: readonly PublishedPort[];
}
