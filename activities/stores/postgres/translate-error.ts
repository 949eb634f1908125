import { SwitchbackError, type ErrorName } from '../../../runbook/errors.ts';

/** The fields of a server's error that are used here. */
export interface ServerError extends Error {
  /** SQLSTATE, or the code of a system call. */
  code?: string;
  position?: string;
  where?: string;
  schema?: string;
  table?: string;
  constraint?: string;
  hint?: string;
}

const byCode: Record<string, [ErrorName, string]> = {
  '28000': ['AccessDenied', 'Look at the user, the password reference and pg_hba.conf.'],
  '28P01': ['AccessDenied', "Look at the user and at the secret that the store's password refers to."],
  '42501': ['AccessDenied', 'Grant the right to the user of this store, or use another user.'],
  '3D000': ['PreconditionFailed', 'Create the database, or correct the name in the plan.'],
  '53100': ['ResourceExhausted', "Free space on the database server's disk, then retry."],
  '53200': ['ResourceExhausted', 'The database server is out of memory.'],
  '53300': ['Busy', 'All connections of the server are taken; it is tried again.'],
  '55P03': ['Busy', 'Another session holds a lock; look at pg_stat_activity. It is tried again.'],
  '55006': ['Busy', 'Another session uses the database; look at pg_stat_activity. It is tried again.'],
  '40P01': ['Busy', 'It was chosen as the victim of a deadlock, and is tried again.'],
  '40001': ['Busy', 'It collided with another transaction, and is tried again.'],
  '57014': ['StepFailed', 'It ran into statement_timeout, or somebody cancelled it in the server.'],
  '25006': ['AccessDenied', 'What only measures may not change anything.'],
  '57P01': ['Unreachable', 'The server ended the connection.'],
  '57P02': ['Unreachable', 'The server crashed and is recovering.'],
  '57P03': ['Unreachable', 'The server is starting up or shutting down.'],
};
/** Of columns, tables, other objects, schemas and functions. */
const duplicate = /^(42701|42P07|42710|42P06|42723)$/;
const refused = (code: string) =>
  duplicate.test(code)
    ? 'Perhaps an earlier run made it, and its rollback left it: let the script say `if not exists`, or skip the operation.'
    : 'The statement was refused by the server; nothing of it stays.';
const system = /^(E[A-Z]+|08...)$/;

/**
 * Translates a failure of the driver or the server. `what` names the store and what was being done; `otherwise` is the name for
 * errors of the SQL itself; `script` is the statement and the line that it begins at. DETAIL is left out, because it quotes rows.
 */
export function postgresError(
  what: string,
  error: unknown,
  otherwise: ErrorName = 'StepFailed',
  script?: { text: string; line: number },
): Error {
  if (error instanceof SwitchbackError) return error;
  // Told by its fields: the same error may come from another realm, where it is no instance of this one's Error.
  const failure = typeof error === 'object' && error !== null && 'message' in error ? error : new Error(String(error));
  const { code = '', message, ...rest } = failure as ServerError;
  const facts = { ...(code === '' ? {} : { code }), ...placeOf(rest, script) };
  const cause = { cause: error };
  const known = byCode[code];
  if (known) return new SwitchbackError(known[0], `${what}: ${message}`, { hint: known[1], facts }, cause);
  const lost = /Connection terminated|timeout expired|Client was closed|not queryable|timeout exceeded/i.test(message);
  if (system.test(code) || lost) {
    const hint = 'Look whether the database server runs and can be reached from the host of the worker.';
    return new SwitchbackError('Unreachable', `${what}: ${message}`, { hint, facts }, cause);
  }
  if (/client password must be a (non-empty )?string/.test(message)) {
    const hint = 'Give the store a password, as a secret reference.';
    return new SwitchbackError('AccessDenied', `${what}: the server asks for a password`, { hint }, cause);
  }
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const hint = rest.hint ?? refused(code);
    const line = 'line' in facts ? ` (line ${String(facts.line)})` : '';
    return new SwitchbackError(otherwise, `${what}: ${message}${line}`, { hint, facts }, cause);
  }
  // A programming error must look like one.
  return error instanceof Error ? error : new Error(`${what}: ${message}`);
}

function placeOf(
  error: Omit<ServerError, 'name' | 'message'>,
  script?: { text: string; line: number },
): Record<string, string | number> {
  const place: Record<string, string | number> = {};
  for (const field of ['schema', 'table', 'constraint'] as const) {
    const value = error[field];
    if (value !== undefined) place[field] = value;
  }
  // Without a position it is somewhere in the statement: where that begins is what is known.
  if (script !== undefined) {
    place['line'] = script.line - 1 + script.text.slice(0, Number(error.position ?? 0)).split('\n').length;
  }
  return place;
}
