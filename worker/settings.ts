import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter } from 'node:path';
import { secretSource } from '../activities/perform/secret-settings.ts';
import type { SecretSource } from '../activities/perform/secrets.ts';
import { SwitchbackError } from '../runbook/errors.ts';

/** What a worker is allowed and where it belongs: its own configuration, never the plan's. */
export interface WorkerSettings {
  address: string;
  namespace: string;
  /** Name of this host in plans; `local` where there is only one. */
  host: string;
  /** Directories whose stacks it serves, as real paths. */
  stacks: string[];
  /** Names and files that plans may refer to. */
  secrets: SecretSource;
  /** Names this worker in journals. */
  name: string;
  environment: NodeJS.ProcessEnv;
}

/**
 * Reads a worker's settings: `TEMPORAL_ADDRESS` (127.0.0.1:7233), `TEMPORAL_NAMESPACE` (default), `SWITCHBACK_HOST` (local),
 * `SWITCHBACK_STACKS` (directories separated like PATH; the current one), and what `secretSource` reads.
 * @throws SwitchbackError `PreconditionFailed` when a stack's directory does not exist.
 */
export function workerSettings(environment: NodeJS.ProcessEnv = process.env): WorkerSettings {
  const stacks = (environment['SWITCHBACK_STACKS'] ?? process.cwd()).split(delimiter).filter((path) => path !== '');
  return {
    address: environment['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233',
    namespace: environment['TEMPORAL_NAMESPACE'] ?? 'default',
    host: environment['SWITCHBACK_HOST'] ?? 'local',
    stacks: stacks.map(real),
    secrets: secretSource(environment),
    name: `${hostname()}/${process.pid}`,
    environment,
  };
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `SWITCHBACK_STACKS names ${path}, which does not exist`,
      {},
      { cause: error },
    );
  }
}
