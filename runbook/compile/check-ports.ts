import type { Finding, PlanFiles, PlanPath } from '../plan/index.ts';
import { didYouMean } from '../plan/index.ts';
import type { ActiveCheckpoint } from '../steps/index.ts';

/**
 * `${SHOP_PORT}` in the address of a check stands for a port of the env file that is active at that moment. Only ports:
 * whatever else an env file holds may be a secret, and a check's address is shown to everybody.
 */
const variable = /\$\{([^}]*)\}/g;

function portsOf(active: ActiveCheckpoint, files: PlanFiles): Record<string, number> {
  const file = active.env === undefined ? undefined : files.get(active.env, 'env');
  return file?.found === 'env' ? file.ports : {};
}

export function fillPorts(url: string, active: ActiveCheckpoint, files: PlanFiles): string {
  const ports = portsOf(active, files);
  return url.replaceAll(variable, (whole, name: string) => (Object.hasOwn(ports, name) ? String(ports[name]) : whole));
}

export function portFindings(url: string, active: ActiveCheckpoint, files: PlanFiles, path: PlanPath): Finding[] {
  const { env } = active;
  const file = env === undefined ? undefined : files.get(env, 'env');
  return [...url.matchAll(variable)].flatMap(([whole, name = '']): Finding[] => {
    if (env === undefined) {
      return [
        {
          path,
          severity: 'error',
          message: `\`${whole}\` stands for nothing: the checkpoint has no env file`,
          hint: 'Write the port, or name the env file of the checkpoint.',
        },
      ];
    }
    // That it cannot be read is said where it is named.
    if (file?.found !== 'env') return [];
    const port = Object.hasOwn(file.ports, name) ? file.ports[name] : undefined;
    if (port === undefined) {
      const known = file.names.includes(name);
      return [
        {
          path,
          severity: 'error',
          message: known ? `\`${whole}\` is no port in ${env}` : `\`${whole}\` is not in ${env}`,
          hint: known
            ? 'Only ports can stand in an address: a number in a variable whose name has PORT in it.'
            : didYouMean(name, Object.keys(file.ports), 'ports'),
        },
      ];
    }
    if (port > 0) return [];
    return [
      {
        path,
        severity: 'warning',
        message: `\`${whole}\` is 0 in ${env}: Docker chooses a port, and the check will not find it`,
        hint: 'Give it a number before the plan is started.',
      },
    ];
  });
}
