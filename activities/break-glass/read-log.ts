import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';

/** A line of `break-glass.log`. */
export interface LogLine {
  /** ISO 8601, UTC. */
  at: string;
  /** `RUN@LINE`: the run that the work is booked to, and the line of the journal that the script was written from. */
  script: string;
  event: string;
  step: number;
  operation: string;
  text: string;
}

/** What one script did, in all of its runs. */
export interface ScriptLog {
  run: string;
  request: RollbackRequest;
  /** Short ids of the containers that were there before it began. */
  containers: string[];
  lines: LogLine[];
}

/**
 * Reads what the newest script that ran has written down.
 * @throws SwitchbackError `PreconditionFailed` when none has run, `IntegrityFailed` when its beginning cannot be read
 */
export async function readScriptLog(root: string, target: string): Promise<ScriptLog> {
  const text = await readFile(join(root, 'break-glass.log'), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const all = text.split('\n').flatMap(parseLine);
  const start = all.findLast(({ event }) => event === 'start');
  if (!start)
    throw new SwitchbackError('PreconditionFailed', `no break-glass script of ${target} has run: nothing to accept`);
  return {
    run: start.script.split('@')[0]!,
    request: parseRequest(start.operation),
    containers: start.text.split(',').filter((id) => /^[0-9a-f]{12}$/.test(id)),
    lines: all.filter(({ script }) => script === start.script),
  };
}

function parseLine(text: string): LogLine[] {
  const [at, script, , event, step, operation, ...rest] = text.split('\t');
  // The last line may be torn.
  if (at === undefined || script === undefined || event === undefined || operation === undefined) return [];
  return [{ at, script, event, step: Number(step), operation, text: rest.join(' ') }];
}

function parseRequest(text: string): RollbackRequest {
  const [to = '', ...flags] = text.split(' ');
  const wanted = /^to=(?:(baseline|previous)|phase:(.+))$/.exec(to);
  if (!wanted)
    throw new SwitchbackError(
      'IntegrityFailed',
      `the log of the break-glass script cannot be read: ${text.slice(0, 80)}`,
    );
  return {
    to: wanted[2] === undefined ? (wanted[1] as 'baseline' | 'previous') : { phase: wanted[2] },
    restoreData: flags.includes('restore-data'),
    discardData: flags.includes('discard-data'),
  };
}
