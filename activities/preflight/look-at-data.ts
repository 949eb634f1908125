import { SwitchbackError } from '../../runbook/errors.ts';
import { showBytes } from '../resources/index.ts';
import type { Store } from '../stores/store.ts';
import { archiveNeed, freeBytes } from '../volumes/index.ts';
import { holds, lacks, type Look } from './look.ts';

/** A store answers, and is the one that it was before. */
export const lookAtStore: Look<'store'> = async ({ store }, { withStore, context }) => {
  const identity = await withStore(store, (opened) => opened.identity());
  const known = await context.identityOf(`store:${store}`);
  if (known === undefined || known === identity) return holds(`store ${store} answers`);
  return lacks(
    `store ${store} is ${identity}, not ${known} as before`,
    'Somebody made a new database of that name, or the address leads elsewhere. Look before you go on.',
  );
};

/** A volume is there, and is the one that it was before. */
export const lookAtVolume: Look<'volume'> = async ({ volume }, { engine, context, survey }) => {
  if (!(await engine.inspectVolume(volume, { signal: context.signal }))) {
    return lacks(
      `volume ${volume} does not exist`,
      'Look at `docker volume ls`: Compose puts the project in front of the name.',
    );
  }
  const known = await context.identityOf(`volume:${volume}`);
  if (known === undefined) return holds(`volume ${volume} is there`);
  const { identity } = await survey(volume);
  if (known === identity) return holds(`volume ${volume} is the one that it was`);
  return lacks(
    `volume ${volume} is another one than before: ${identity}, not ${known}`,
    'Somebody removed it and made a new one of the same name. Look what is in it before you go on.',
  );
};

/**
 * The home folder has room for all backups of the phase, even if nothing of them can be compressed. What goes to a repository needs none
 * there, but for a store's dump on its way; each backup looks at the repository's own disk.
 */
export const lookAtRoom: Look<'room'> = async (check, surroundings) => {
  const { context, survey, withStore } = surroundings;
  let need = 0;
  const { repository } = context.plan;
  for (const volume of repository === undefined ? check.volumes : []) need += archiveNeed(await survey(volume));
  for (const store of check.stores) need += await withStore(store, (opened) => opened.size());
  for (const store of check.servers ?? []) need += await withStore(store, serverSize);
  const have = await freeBytes(context.home.points);
  const told = `the backups need at most ${showBytes(need)}, ${showBytes(have)} are free`;
  if (need <= have) return holds(told);
  return lacks(told, `Free space on the disk of ${context.home.points}, or move SWITCHBACK_HOME to a larger one.`);
};

/** How large all is that is on a store's server, in bytes. */
async function serverSize(store: Store): Promise<number> {
  if (store.serverSize !== undefined) return store.serverSize();
  throw new SwitchbackError('Unsupported', `stores of kind ${store.kind} have no physical backups`);
}
