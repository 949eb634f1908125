import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SwitchbackError } from '../runbook/errors.ts';
import { rehearsedTarget, targetPattern } from '../runbook/names.ts';

/** Folders of a target on its home host. All absolute. */
export interface TargetHome {
  root: string;
  journal: string;
  /** Content-addressed store, files 0600. */
  content: string;
  /** Recovery points: one folder per run and point. */
  points: string;
  /** Progress, decisions, lessons, rollback log, resource measurements. */
  records: string;
  /** Scratch folders, one per operation, swept by reconcile. */
  scratch: string;
  /** Sealed plans, one file per run. */
  runs: string;
}

/** Where Switchback keeps what must outlive every worktree: `$SWITCHBACK_HOME`, or `~/.switchback`. */
export function switchbackHome(environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(environment['SWITCHBACK_HOME'] ?? join(homedir(), '.switchback'));
}

/** @throws SwitchbackError `PlanInvalid` when the target's name could leave its folder. */
export function targetHome(target: string, environment: NodeJS.ProcessEnv = process.env): TargetHome {
  if (!targetPattern.test(rehearsedTarget(target))) {
    throw new SwitchbackError('PlanInvalid', `target name ${JSON.stringify(target)} is not usable`, {
      hint: 'Use lower-case letters, digits, - and _, starting with a letter or digit.',
    });
  }
  const root = join(switchbackHome(environment), 'targets', target);
  return {
    root,
    journal: join(root, 'journal.jsonl'),
    content: join(root, 'content'),
    points: join(root, 'points'),
    records: join(root, 'records'),
    scratch: join(root, 'scratch'),
    runs: join(root, 'runs'),
  };
}

/** Makes the folders, readable by their owner alone: recovery points and sealed env files hold secrets. */
export function ensureTargetHome(home: TargetHome): void {
  for (const folder of [home.root, home.content, home.points, home.records, home.scratch, home.runs]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}
