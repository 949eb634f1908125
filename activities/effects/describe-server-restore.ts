import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import type { Performed } from '../effect.ts';
import type { BroughtTo, ServerLoss } from '../stores/physical-backups.ts';
import type { SwapFacts } from './swap-volume.ts';

type Input = OperationInputs['restoreStore'];

/** What was looked up before anything was done. */
export type ServerSwap = SwapFacts & {
  /** Tells the intent of a server's restore from that of a database. */
  method: 'physical';
  /** Databases that go back together with the store's own. */
  others: string[];
  /** How far the log is followed. */
  at?: string;
};

/** What was found out on the way; less after a crash. */
export interface Outcome {
  buildMs?: number;
  loss?: ServerLoss;
  broughtTo?: BroughtTo;
  warnings: string[];
}

export function undoOf({ store, point }: Input, { volume, beside }: ServerSwap): Undo {
  return {
    by: 'operation',
    summary: `put back what the server of store ${store} held before, from ${beside}`,
    // What was written since is kept in the other volume, but it is live no more.
    lossy: true,
    kind: 'restoreStore',
    input: { store, point, putBack: { volume, from: beside } },
    effects: [{ resource: `store:${store}`, change: 'replace' }],
  };
}

export function nothingKept({ store }: Input, { volume }: ServerSwap): Performed {
  return {
    summary: `the server of store ${store} had not been replaced: nothing to put back`,
    facts: { volume },
    effect: { store, nothing: true },
  };
}

export function describeServerRestore(input: Input, facts: ServerSwap, outcome: Outcome, tookMs: number): Performed {
  const { volume, beside, point, others } = facts;
  const { loss, warnings, buildMs, broughtTo } = outcome;
  const from = input.putBack === undefined ? point : beside;
  const asOf = broughtTo === undefined ? '' : ` as of ${broughtTo.moment}`;
  const seconds = (tookMs / 1000).toFixed(1);
  const lost = loss ? `; at most ${loss.lostSeconds} s are lost` : '';
  const together =
    others.length === 0 ? '' : `, and with it ${others.slice(0, 5).join(', ')}${others.length > 5 ? ' …' : ''}`;
  return {
    summary: `restored the server of store ${input.store}${together} from ${from}${asOf} in ${seconds} s${lost}; what it held is kept as ${beside}`,
    facts: {
      ...(point === '' ? {} : { point }),
      ...{ volume, kept: beside, others, warnings, tookMs: Math.round(tookMs) },
      ...(buildMs === undefined ? {} : { buildMs }),
      ...(broughtTo && { asOf: broughtTo.moment, lsn: broughtTo.lsn, lastCommit: broughtTo.lastCommit ?? null }),
      ...loss,
    },
    effect: {
      ...{ store: input.store, point, putBack: input.putBack !== undefined },
      ...(input.at === undefined ? {} : { at: input.at }),
    },
  };
}
