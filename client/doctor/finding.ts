import type { Settings } from '../settings/settings.ts';

/** What is known of one thing that Switchback needs, or could use. */
export interface Finding {
  id: string;
  /** `missing`: something that is needed is not there. `warning`: it works, but not well, or not yet. */
  state: 'ok' | 'warning' | 'missing';
  /** What was found, with figures. */
  found: string;
  /** How to get it. */
  hint?: string;
}

export interface Machine {
  env: NodeJS.ProcessEnv;
  cwd: string;
  settings: Settings;
}

/** One look at the machine. It never throws: what cannot be told is a finding too. */
export type Look = (machine: Machine) => Promise<Finding | Finding[]>;

export const ok = (id: string, found: string): Finding => ({ id, state: 'ok', found });
export const warning = (id: string, found: string, hint: string): Finding => ({ id, state: 'warning', found, hint });
export const missing = (id: string, found: string, hint: string): Finding => ({ id, state: 'missing', found, hint });
