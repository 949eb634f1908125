import { hostTaskQueue } from '../../runbook/names.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { builtTemporal, findTemporal } from '../local/temporal-binary.ts';
import { locate } from '../settings/locate.ts';
import { connect, type TemporalConnection } from '../temporal/connection.ts';
import { pollersOf } from '../temporal/pollers.ts';
import { missingSearchAttributes } from '../temporal/search-attributes.ts';
import { missing, ok, warning, type Finding, type Machine } from './finding.ts';

export async function lookAtTemporalCli({ env, settings }: Machine): Promise<Finding> {
  const found = await findTemporal(env);
  if (found !== undefined) return ok('temporal-cli', found);
  const hint =
    'Install it (https://docs.temporal.io/cli/setup-cli; macOS: brew install temporal), or run `npm run setup`.';
  const text = `the Temporal CLI is neither on PATH nor at ${builtTemporal(env)}`;
  // Whoever has a server does not need the one that the CLI carries.
  return settings.addressFrom === 'environment' || settings.addressFrom === 'option'
    ? warning('temporal-cli', text, hint)
    : missing('temporal-cli', text, hint);
}

export async function lookAtTemporalServer({ settings, cwd }: Machine): Promise<Finding[]> {
  let temporal: TemporalConnection | undefined;
  try {
    temporal = await connect({ ...settings, timeoutMs: Math.min(settings.timeoutMs, 3_000) });
    const unknown = await missingSearchAttributes(temporal);
    const host = await homeHost(cwd);
    const pollers = await pollersOf(temporal, hostTaskQueue(host));
    return [
      ok('temporal-server', `${settings.address}, namespace ${settings.namespace}`),
      pollers.length > 0
        ? ok('worker', `${pollers.map((poller) => poller.identity).join(', ')} for host ${host}`)
        : warning(
            'worker',
            `no worker for host ${host} polls ${settings.address}`,
            'Start one with `switchback up` or `switchback worker`.',
          ),
      unknown.length === 0
        ? ok('search-attributes', 'all registered')
        : warning(
            'search-attributes',
            `not registered: ${unknown.join(', ')}`,
            'Runs work without them, but cannot be searched for in the UI; `switchback up` registers them.',
          ),
    ];
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    return [warning('temporal-server', error.message, error.hint ?? 'Start one with `switchback up`.')];
  } finally {
    await temporal?.close();
  }
}

/** The host that the plan in this folder names; without a plan, the usual one. */
async function homeHost(cwd: string): Promise<string> {
  try {
    return (await locate({}, { cwd })).homeHost ?? 'local';
  } catch {
    // No plan here: that is for `lint` to say.
    return 'local';
  }
}
