import type { JsonObject } from '../../runbook/json.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import { plural } from '../../runbook/plural.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { placeOfStore, usersOfStore, withStore, type StoreDrivers } from '../stores/registry.ts';
import type { Place } from '../stores/store.ts';
import { servingContainers } from '../stores/serving-containers.ts';
import { asUser, areAwake, isUp, quieten, volumeUsers, wake, type VolumeUser } from '../volumes/index.ts';
import { composeLabel } from '../compose/index.ts';

type Facts = {
  users: VolumeUser[];
};

/**
 * Stops what may write to stores and volumes that are about to be restored. What serves a store keeps running; where a store is out of
 * reach once the others have stopped, they are started again, and the restore goes on with its own fence alone.
 */
export function stopUsersHandler(deps: {
  engine: DockerEngine;
  stores: StoreDrivers;
}): EffectHandler<'stopUsers', Facts> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      const users = await usersOf(deps, input, context);
      return {
        undo: { by: 'nothing', summary: 'the checkpoint that follows starts its services again' },
        facts: { users },
      };
    },

    // Whether all users have stopped, and the stores can be reached without them, is found out by stopping them.
    async observe(_input, _context, prepared) {
      return prepared === undefined ? 'absent' : 'partial';
    },

    async perform(input, context, prepared) {
      const { signal } = context;
      // What was started since by a restart policy, or by a person, is found now.
      const known = prepared.facts.users;
      const users = onceEach([...known, ...(await usersSince(deps, input, context, known))]);
      context.progress({ doing: `stopping ${plural(users.length, 'container')}` });
      await context.fence();
      await quieten(engine, users, 'stop', { signal });
      const lost = await firstOutOfReach(deps.stores, input.stores, context);
      if (lost === undefined) return stopped(users);
      context.log(`store ${lost} is out of reach without the services that were stopped; they are started again`);
      await wake(engine, users);
      return {
        summary: `nothing is stopped: store ${lost} cannot be reached without the services that use it`,
        facts: { users: [], lost },
        effect: { stopped: [] },
      };
    },
  };
}

/** Starts what `stopUsers` stopped, exactly as it was. */
export function startUsersHandler({ engine }: { engine: DockerEngine }): EffectHandler<'startUsers', Facts> {
  return {
    async prepare(input, context) {
      const facts = await context.factsOf(input.stoppedBy, input.run ?? context.runId);
      const users = (facts?.['users'] ?? []) as VolumeUser[];
      const later = input.except ?? [];
      const starting = later.length === 0 ? users : users.filter(({ service }) => !later.includes(service ?? ''));
      return {
        undo: { by: 'nothing', summary: 'an undo is not undone by itself' },
        facts: { users: starting },
      };
    },

    async observe(_input, { signal }, prepared) {
      const users = prepared?.facts.users;
      if (users === undefined) return 'absent';
      return (await areAwake(engine, users, { signal })) ? 'done' : 'partial';
    },

    async perform(_input, context, prepared) {
      const users = prepared.facts.users;
      context.progress({ doing: `starting ${plural(users.length, 'container')}` });
      await context.fence();
      await wake(engine, users, { signal: context.signal });
      return {
        summary: users.length === 0 ? 'nothing had been stopped' : `started again: ${namesOf(users)}`,
        facts: { containers: users.length },
        effect: { started: users.map(({ name }) => name) },
      };
    },
  };
}

const namesOf = (users: readonly VolumeUser[]) => users.map(({ name }) => name).join(', ');
const onceEach = (users: readonly VolumeUser[]) =>
  users.filter(({ id }, index) => users.findIndex((other) => other.id === id) === index);

function stopped(users: VolumeUser[]) {
  return {
    summary: users.length === 0 ? 'nobody uses what is restored' : `stopped: ${namesOf(users)}`,
    facts: { users } as JsonObject,
    effect: { stopped: users.map(({ name }) => name).sort() },
  };
}

/**
 * For volumes those who mount them, and so for a store whose users open its data themselves; for one that anybody may use over the
 * network, everything that serves no store.
 */
async function usersOf(
  deps: { engine: DockerEngine; stores: StoreDrivers },
  input: OperationInputs['stopUsers'],
  context: EffectContext<'stopUsers'>,
): Promise<VolumeUser[]> {
  const { signal, plan } = context;
  const { project } = plan.stack;
  const own = await deps.engine.listByLabel({ [composeLabel.project]: project }, { signal });
  const serving = await servingContainers(own, await placesOf(deps.stores, input.stores, context));
  const mounting = await Promise.all(input.volumes.map((volume) => volumeUsers(deps.engine, volume, { signal })));
  const opening = await Promise.all(input.stores.map((store) => usersOfStore(deps.stores, context, store)));
  const beside = opening.every((users) => users !== undefined) ? [] : own.map((container) => asUser(container, true));
  return onceEach([...mounting.flat(), ...opening.flatMap((users) => users ?? []), ...beside]).filter(
    (user) => isUp(user) && user.project === project && !serving.has(user.id),
  );
}

/** Where an earlier attempt has stopped what a store needs, nobody can be asked who serves it: then those that are known have to do. */
async function usersSince(
  deps: { engine: DockerEngine; stores: StoreDrivers },
  input: OperationInputs['stopUsers'],
  context: EffectContext<'stopUsers'>,
  known: readonly VolumeUser[],
): Promise<VolumeUser[]> {
  try {
    return await usersOf(deps, input, context);
  } catch (error) {
    if (context.attempt === 1 || known.length === 0 || context.signal.aborted) throw error;
    return [];
  }
}

/** Of all stores: what undoes a step in one that is not restored needs it too. */
async function placesOf(
  drivers: StoreDrivers,
  restored: readonly string[],
  context: EffectContext<'stopUsers'>,
): Promise<Place[]> {
  const places = await Promise.all(
    Object.keys(context.plan.stores).map((name) =>
      placeOfStore(drivers, context, name).catch((error: unknown) => {
        if (restored.includes(name)) throw error;
        // One that is down already has nothing that could be stopped.
        return undefined;
      }),
    ),
  );
  return places.flatMap((place) => place ?? []);
}

async function firstOutOfReach(
  drivers: StoreDrivers,
  stores: readonly string[],
  context: EffectContext<'stopUsers'>,
): Promise<string | undefined> {
  for (const name of stores) {
    try {
      await withStore(drivers, context, name, [], (store) => store.identity());
    } catch (error) {
      if (context.signal.aborted) throw error;
      return name;
    }
  }
  return undefined;
}
