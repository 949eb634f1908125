import type { DockerEngine } from '../docker/index.ts';
import { quieten, wake, type Quiet, type VolumeUser } from './volume-users.ts';

export interface QuietOptions {
  /** Alike, or for each of them. */
  how: Quiet | ((user: VolumeUser) => Quiet);
  signal: AbortSignal;
  log: (message: string) => void;
}

/**
 * Does work while the users of a volume are stopped or frozen, and brings them back to what they were whatever happens, also when
 * the work was cancelled. A failure of the work is what the caller hears; one of the waking only where the work went well.
 */
export async function whileQuiet<T>(
  engine: DockerEngine,
  users: readonly VolumeUser[],
  { how, signal, log }: QuietOptions,
  work: () => Promise<T>,
): Promise<T> {
  let value: T;
  try {
    await quieten(engine, users, how, { signal });
    value = await work();
  } catch (error) {
    await wake(engine, users).catch((late: unknown) => {
      log(`not every container came back: ${late instanceof Error ? late.message : 'no reason given'}`);
    });
    throw error;
  }
  // Without the signal, here as above: services that were stopped for something cancelled must come back too.
  await wake(engine, users);
  return value;
}
