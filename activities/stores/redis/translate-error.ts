import { SwitchbackError, type ErrorName } from '../../../runbook/errors.ts';

const known: [RegExp, ErrorName, string][] = [
  [/^NOPERM/, 'AccessDenied', 'Give the user of this store the permission that the message names: ACL SETUSER.'],
  [/^(WRONGPASS|NOAUTH)|AUTH .*without any password/, 'AccessDenied', 'Look at the user and the secret of the store.'],
  [/^(LOADING|BUSY|MASTERDOWN|TRYAGAIN)/, 'Busy', 'It is tried again.'],
  [/^OOM/, 'ResourceExhausted', 'The server reached its maxmemory: raise it, or remove what is not needed.'],
  [/^READONLY/, 'PreconditionFailed', 'This is a replica; let the store name its primary.'],
  [/^(MOVED|CROSSSLOT|CLUSTERDOWN)/, 'PreconditionFailed', 'Redis Cluster is not supported.'],
  [/^MISCONF/, 'PreconditionFailed', 'The server cannot write its own snapshots: look at its log and disk.'],
  [/DB index is out of range/, 'PreconditionFailed', 'Look at `databases` in the configuration of the server.'],
  [/DUMP payload version/, 'PreconditionFailed', 'The point was written by a newer server than the one it goes to.'],
  [/unknown command/i, 'PreconditionFailed', 'Redis 7, Valkey 7.2 or newer is needed, with this command enabled.'],
  [
    /ECONN|ENOENT|ENOTFOUND|EHOST|ETIMEDOUT|EPIPE|EAI_AGAIN|Socket closed|client is closed|Connection timeout|Disconnects/i,
    'Unreachable',
    'Look whether the server runs and can be reached from the host of the worker.',
  ],
];

/** Translates a failure of the client library or the server. `what` names the store. */
export function redisError(what: string, error: unknown): unknown {
  if (error instanceof SwitchbackError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const said = error.message || code;
  const [, name = 'StepFailed', hint = 'Correct the cause, then retry.'] =
    known.find(([pattern]) => pattern.test(said) || pattern.test(code)) ?? [];
  return new SwitchbackError(name, `${what}: ${said}`, { hint }, { cause: error });
}
