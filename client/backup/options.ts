import type { Quiesce } from '../../runbook/backup-task.ts';
import type { Retention } from '../../runbook/retention.ts';
import { parseDuration } from '../../runbook/plan/duration.ts';
import type { EveryOption } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';

/** Options of all actions of `backup`; each takes its own. */
export interface BackupOptions extends EveryOption {
  volume?: string[];
  store?: string[];
  quiesce?: string;
  physical?: boolean;
  pointInTime?: boolean;
  at?: string;
  /** False with `--no-test`. */
  test?: boolean;
  all?: boolean;
  into?: string;
  intoStore?: string;
  createRoles?: boolean;
  yes?: boolean;
  keepLast?: string;
  keepWithin?: string;
  dryRun?: boolean;
  every?: string;
  remove?: boolean;
  reason?: string;
}

export const quiesces: readonly Quiesce[] = ['stop', 'pause', 'none'];

/** @throws UsageError for what is no duration */
export function secondsOf(option: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new UsageError(`${option} ${text} is not a duration`, 'Write it like 30m, 12h or 7d.');
}

/** What to keep, as it was typed; undefined when nothing was. */
export function retentionOf({ keepLast, keepWithin }: BackupOptions): Retention | undefined {
  if (keepLast === undefined && keepWithin === undefined) return undefined;
  const count = Number(keepLast ?? 1);
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(`--keep-last ${keepLast ?? ''} is not a count`, 'Give a whole number, 1 or more.');
  }
  return {
    ...(keepLast === undefined ? {} : { keepLast: count }),
    ...(keepWithin === undefined ? {} : { keepWithinSeconds: secondsOf('--keep-within', keepWithin) }),
  };
}

/** @throws UsageError for a resource in the place of a plan: elsewhere it is written like that */
export function planOf(typed: string | undefined): string | undefined {
  const [, kind = '', name = ''] = /^(volume|store):(.+)$/.exec(typed ?? '') ?? [];
  if (kind === '') return typed;
  throw new UsageError(`${kind}:${name} is not a plan`, `Name what to back up with --${kind} ${name}.`);
}

export function quiesceOf({ quiesce }: BackupOptions): Quiesce | undefined {
  if (quiesce === undefined) return undefined;
  const known = quiesces.find((each) => each === quiesce);
  if (known) return known;
  throw new UsageError(`--quiesce ${quiesce} is unknown`, `It is one of: ${quiesces.join(', ')}.`);
}
