import { SwitchbackError, type ErrorName } from '../../../runbook/errors.ts';
import { exits } from './scripts.ts';

interface Meaning {
  name: ErrorName;
  says: (place: string) => string;
  hint: string;
}

const meanings = new Map<number, Meaning>([
  [
    exits.missing,
    {
      name: 'PreconditionFailed',
      says: (place) => `${place} does not exist`,
      hint: 'Look where its service keeps the database, and correct the store in the plan.',
    },
  ],
  [
    exits.notPlain,
    {
      name: 'Unsupported',
      says: (place) => `${place} is not a plain file`,
      hint: 'Name the file itself, not a link to it or a folder.',
    },
  ],
  [
    exits.notDatabase,
    {
      name: 'PreconditionFailed',
      says: (place) => `${place} is not a database of SQLite`,
      hint: 'Look at it with `file`; one that is encrypted as a whole cannot be read either.',
    },
  ],
  [
    exits.inUse,
    {
      name: 'Busy',
      says: (place) => `${place} is locked by another process`,
      hint: 'Stop what has it open, then retry.',
    },
  ],
  [
    exits.damaged,
    {
      name: 'ValidationMismatch',
      says: (place) => `what was read is not a whole database (${place})`,
      hint: 'Look at it with `pragma integrity_check`.',
    },
  ],
  [
    exits.changed,
    {
      name: 'PreconditionFailed',
      says: (place) => `${place} is another file than before`,
      hint: 'Somebody has replaced it. Find out which is right before anything else is done to it.',
    },
  ],
  [
    exits.taken,
    {
      name: 'Conflict',
      says: (place) => `beside ${place} there is another file where the replaced one is to be kept`,
      hint: 'Look what it is; move it away if it is not needed.',
    },
  ],
]);

/** What an exit code of a script means; every other error stays what it is. */
export function translated(error: unknown, store: string, place: string): unknown {
  if (!(error instanceof SwitchbackError) || error.name !== 'StepFailed') return error;
  const { exitCode, log } = error.facts;
  const meaning = meanings.get(Number(exitCode));
  if (meaning === undefined) return error;
  const said = typeof log === 'string' && log !== '' ? `: ${log}` : '';
  return new SwitchbackError(
    meaning.name,
    `store ${store}: ${meaning.says(place)}${said}`,
    { hint: meaning.hint, facts: { store, place } },
    { cause: error },
  );
}
