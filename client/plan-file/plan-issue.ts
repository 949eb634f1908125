import { formatPath, type PlanPath } from '../../runbook/plan/index.ts';
import { codeFrame } from './code-frame.ts';
import type { SourceText } from './source-text.ts';
import type { Blackout } from './blackout.ts';

export type { Blackout } from './blackout.ts';

/** One mistake, or one thing worth a second look, where it stands. */
export interface PlanIssue {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units as editors count. */
  column: number;
  /** The place in the plan: `phases[0].steps[1].file`. Empty for the whole plan. */
  path: string;
  /** Lower-case; names the thing and the value. Never a secret. */
  message: string;
  /** A sentence that says what to do. */
  hint?: string;
  /** The lines around it, with a mark. Secrets are blacked out. */
  frame?: string;
  severity: 'error' | 'warning';
}

/** A mistake by its offsets in a text, before it is shown. */
export interface Mistake {
  source: SourceText;
  start: number;
  end: number;
  path: PlanPath;
  message: string;
  hint?: string;
  severity: 'error' | 'warning';
}

export function toIssue(mistake: Mistake, blackouts: readonly Blackout[]): PlanIssue {
  const { source, start, end, path, message, hint, severity } = mistake;
  const hidden = blackouts.filter((each) => each.source === source);
  return {
    file: source.name,
    ...source.position(start),
    path: formatPath(path),
    message,
    ...(hint === undefined ? {} : { hint }),
    frame: codeFrame(source, start, end, hidden),
    severity,
  };
}
