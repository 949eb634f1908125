import { posix } from 'node:path';
import type { ServerSight } from '../../runbook/databases-of-servers.ts';
import { servicesOfStores } from '../clone/find-stores.ts';
import { composeLabel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import type { Store } from './store.ts';

export interface Sighting {
  engine: DockerEngine;
  withStore: <T>(store: string, work: (opened: Store) => Promise<T>) => Promise<T>;
  context: Pick<EffectContext, 'plan' | 'secret' | 'signal'>;
}

/** A server of the stack, and what is mounted where its data is. */
export interface SightedServer extends Omit<ServerSight, 'whole'> {
  service: string;
  /** The volume that holds its data; absent where that lies elsewhere, or cannot be told. */
  volume?: string;
  /** Where the data lies in a volume that nobody has named. */
  anonymous?: string;
}

/**
 * Looks at the servers that stores of the plan are in, as far as they are services of the stack: whoever runs another server looks after
 * its databases. @throws what a store throws that cannot be asked
 */
export async function sightServers(stores: readonly string[], sighting: Sighting): Promise<SightedServer[]> {
  const { engine, context } = sighting;
  const { plan, signal } = context;
  const asked = Object.fromEntries(Object.entries(plan.stores).filter(([name]) => stores.includes(name)));
  const secret = (template: string) => context.secret(template);
  const { project } = plan.stack;
  const { services } = await servicesOfStores({ engine, project, stores: asked, secret, signal });
  const sights: SightedServer[] = [];
  for (const [store, service] of Object.entries(services)) {
    const seen = await sighting.withStore(store, async (opened) => opened.sight?.());
    if (seen === undefined) continue;
    const { dataDirectory, ...sight } = seen;
    const place = dataDirectory === undefined ? {} : await placeOf(dataDirectory, service, sighting);
    sights.push({ store, service, ...sight, ...place });
  }
  return sights;
}

/** What Docker calls a volume that nobody has named. */
const unnamed = /^[0-9a-f]{64}$/;

/** By what the container that runs has mounted, whatever its Compose file says by now. */
async function placeOf(
  folder: string,
  service: string,
  { engine, context: { plan, signal } }: Sighting,
): Promise<Pick<SightedServer, 'volume' | 'anonymous'>> {
  const labels = { [composeLabel.project]: plan.stack.project, [composeLabel.service]: service };
  const running = (await engine.listByLabel(labels, { signal })).find(({ State }) => State === 'running');
  const mount = (running?.Mounts ?? [])
    .filter(({ Destination }) => !posix.relative(Destination, folder).startsWith('..'))
    .sort((a, b) => b.Destination.length - a.Destination.length)[0];
  if (mount?.Type !== 'volume' || mount.Name === undefined) return {};
  return unnamed.test(mount.Name) ? { anonymous: mount.Destination } : { volume: mount.Name };
}
