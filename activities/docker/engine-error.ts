import { SwitchbackError } from '../../runbook/errors.ts';

interface DaemonError extends Error {
  statusCode?: number;
  code?: string;
  json?: { message?: string };
}

/** The HTTP status that the daemon answered with, if it answered. */
export function statusOf(error: unknown): number | undefined {
  return (error as DaemonError | undefined)?.statusCode;
}

/** Translates a failure of the Docker client into an error of the table. `what` names the call and its object. */
export function engineError(what: string, error: unknown): Error {
  if (error instanceof SwitchbackError) return error;
  const daemon = error as DaemonError;
  const said = (daemon.json?.message ?? daemon.message ?? String(error)).trim();
  const message = `${what}: ${said}`;
  const cause = { cause: error };
  if (daemon.code === 'EACCES' || daemon.code === 'EPERM') {
    return new SwitchbackError(
      'AccessDenied',
      message,
      { hint: "Add the worker's user to the group `docker`, or point DOCKER_HOST at an engine that it may use." },
      cause,
    );
  }
  if (/no space left on device/i.test(said)) {
    return new SwitchbackError(
      'ResourceExhausted',
      message,
      { hint: 'Free disk space on the Docker host, then retry.' },
      cause,
    );
  }
  if (
    /port is already allocated|address already in use|is already in use by container/i.test(said) ||
    daemon.statusCode === 409
  ) {
    return new SwitchbackError('Conflict', message, {}, cause);
  }
  if (daemon.statusCode === 404) {
    return new SwitchbackError('PreconditionFailed', message, {}, cause);
  }
  if (daemon.statusCode !== undefined) return new SwitchbackError('StepFailed', message, {}, cause);
  if (daemon.code !== undefined || /socket hang up|ECONN|ENOENT/.test(said)) {
    return new SwitchbackError(
      'Unreachable',
      message,
      { hint: 'Start the Docker daemon, or correct DOCKER_HOST; `docker info` must answer.' },
      cause,
    );
  }
  // A programming error must look like one.
  return error instanceof Error ? error : new Error(message);
}
