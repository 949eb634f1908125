import { SwitchbackError } from '../../runbook/errors.ts';
import { wayBackOf, type WayBack } from '../../runbook/rehearsal.ts';
import type { Settings } from '../settings/settings.ts';
import { readLocalTarget } from './local-target.ts';

/** What this machine's journal knows of the ways back of a target, by phase; nothing where there is none. */
export async function knownWaysBack(target: string, settings: Pick<Settings, 'home'>): Promise<Map<string, WayBack>> {
  try {
    const local = await readLocalTarget(target, settings);
    return new Map([...(local?.state.rehearsals ?? [])].map(([phase, found]) => [phase, wayBackOf(found)]));
  } catch (error) {
    // A plan can be shown without its journal; whatever needs that says what is wrong with it.
    if (error instanceof SwitchbackError) return new Map();
    throw error;
  }
}
