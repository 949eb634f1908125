import { switchbackHome } from '../../journal/target-home.ts';
import type { EveryOption } from './every-option.ts';
import type { UpRecord } from './up-record.ts';

/** Where the server, the worker's records and the people are. */
export interface Settings {
  address: string;
  namespace: string;
  /** Address of the Temporal Web UI. */
  ui: string;
  /** Folder of the journals on this machine. */
  home: string;
  /** Deadline of one exchange with the server, in milliseconds. */
  timeoutMs: number;
  /** Where the address came from: `up` starts a server only where nobody named one. */
  addressFrom: 'option' | 'environment' | 'up' | 'default';
}

export const defaults = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  ui: 'http://127.0.0.1:8233',
  /** An update waits for a worker that may just be restarting: its sticky queue alone is given 3 s. */
  timeoutMs: 20_000,
} as const;

/** The home that is meant: `--home` before the environment. */
export const homeOf = (options: Pick<EveryOption, 'home'>, env: NodeJS.ProcessEnv) =>
  switchbackHome(options.home === undefined ? env : { ...env, SWITCHBACK_HOME: options.home });

/**
 * Settings from, in this order: what was typed, the environment, what `switchback up` wrote down (it may have picked free
 * ports), the defaults.
 */
export function settingsFrom(
  options: Pick<EveryOption, 'address' | 'namespace' | 'home' | 'timeout'>,
  env: NodeJS.ProcessEnv,
  up: UpRecord | undefined,
): Settings {
  const fromEnv = env['TEMPORAL_ADDRESS'] || undefined;
  const [address, addressFrom] =
    options.address !== undefined
      ? ([options.address, 'option'] as const)
      : fromEnv !== undefined
        ? ([fromEnv, 'environment'] as const)
        : up
          ? ([up.address, 'up'] as const)
          : ([defaults.address, 'default'] as const);
  // What `up` wrote holds for its own server only.
  const ours = up?.address === address ? up : undefined;
  return {
    address,
    addressFrom,
    namespace: options.namespace ?? (env['TEMPORAL_NAMESPACE'] || ours?.namespace || defaults.namespace),
    ui: (env['SWITCHBACK_UI'] || ours?.ui || defaults.ui).replace(/\/+$/, ''),
    home: homeOf(options, env),
    timeoutMs: options.timeout === undefined ? defaults.timeoutMs : options.timeout * 1000,
  };
}

/** The page of one workflow in the Web UI. */
export const workflowPage = (
  { ui, namespace }: Pick<Settings, 'ui' | 'namespace'>,
  workflowId: string,
  workflowRunId?: string,
) =>
  `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}${
    workflowRunId === undefined ? '' : `/${encodeURIComponent(workflowRunId)}/history`
  }`;
