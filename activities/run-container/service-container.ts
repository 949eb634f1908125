import { dirname, join, normalize } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import type { ProtectedResource } from '../../runbook/compiled-plan.ts';
import { plain, type ComposeModel, type ComposeService } from '../compose/index.ts';
import type { HelperMount, HelperSpec } from '../docker/index.ts';

/** What a command gets of a service: everything that a `docker compose run` would, less what could do harm. */
export type ServiceSurroundings = Pick<
  HelperSpec,
  'mounts' | 'env' | 'networks' | 'networkMode' | 'user' | 'workingDir' | 'memoryBytes' | 'extraHosts' | 'tmpfs'
> & {
  /** What it does not get, in the operator's words. */
  leftOut: string[];
};

export interface Protection {
  /** Of the stack: protected paths are relative to it. */
  directory: string;
  protect: readonly ProtectedResource[];
  /** Sockets of the engine. */
  sockets: readonly string[];
}

/**
 * What a one-shot container of a service is given: its environment, networks, user and mounts, protected ones read-only, and never the
 * socket of the Docker engine. Pure. @throws SwitchbackError `PreconditionFailed` (no such service), `Unsupported` (a network mode)
 */
export function serviceSurroundings(model: ComposeModel, service: string, protection: Protection): ServiceSurroundings {
  const definition = model.services[service];
  if (!definition) {
    throw new SwitchbackError('PreconditionFailed', `the active Compose file has no service ${service}`, {
      facts: { service },
    });
  }
  const leftOut = ['privileged', 'devices', 'pid', 'ipc', 'cap_add', 'security_opt'].filter((key) =>
    isSet(definition[key]),
  );
  const mounts = mountsOf(model, definition, protection, leftOut);
  const memory = Number(definition.deploy?.resources?.limits?.memory ?? definition['mem_limit']);
  const extraHosts = definition['extra_hosts'] as string[] | undefined;
  const tmpfs = definition['tmpfs'] as string[] | undefined;
  return {
    env: Object.fromEntries(
      Object.entries(definition.environment ?? {}).flatMap(([name, value]) =>
        value === null ? [] : [[name, plain(value)] as const],
      ),
    ),
    mounts,
    ...networksOf(model, service, definition),
    ...(definition.user === undefined ? {} : { user: definition.user }),
    ...(definition.working_dir === undefined ? {} : { workingDir: definition.working_dir }),
    ...(memory > 0 ? { memoryBytes: memory } : {}),
    ...(extraHosts === undefined ? {} : { extraHosts: extraHosts.map((entry) => entry.replace('=', ':')) }),
    ...(tmpfs === undefined ? {} : { tmpfs }),
    leftOut,
  };
}

const isSet = (value: unknown) =>
  value !== undefined && value !== false && value !== null && !(Array.isArray(value) && value.length === 0);

function networksOf(
  model: ComposeModel,
  name: string,
  service: ComposeService,
): Pick<ServiceSurroundings, 'networks' | 'networkMode'> {
  const mode = service.network_mode;
  if (mode === 'host' || mode === 'none' || mode === 'bridge') return { networkMode: mode };
  if (mode !== undefined) {
    throw new SwitchbackError('Unsupported', `service ${name} shares the network of another container (${mode})`, {
      hint: 'Run the command in the service whose network it is.',
      facts: { service: name },
    });
  }
  const networks = Object.keys(service.networks ?? {}).map((key) => model.networks[key]?.name ?? key);
  return networks.length === 0 ? { networkMode: 'none' } : { networks };
}

function mountsOf(
  model: ComposeModel,
  service: ComposeService,
  { directory, protect, sockets }: Protection,
  leftOut: string[],
): HelperMount[] {
  const volumes = new Set(protect.flatMap((resource) => ('volume' in resource ? [resource.volume] : [])));
  const paths = protect.flatMap((resource) => ('path' in resource ? [join(directory, resource.path)] : []));
  const mounts: HelperMount[] = [];
  for (const mount of service.volumes ?? []) {
    const { target } = mount;
    if (mount.type === 'volume' && mount.source !== undefined) {
      const source = model.volumes[mount.source]?.name ?? mount.source;
      mounts.push({ type: 'volume', source, target, readOnly: volumes.has(source) || mount.read_only === true });
    } else if (mount.type === 'bind' && mount.source !== undefined) {
      const source = normalize(mount.source);
      if (sockets.some((socket) => isInside(socket, source)) || /(^|\/)docker\.sock$/.test(source))
        leftOut.push(`mount of ${source}: the Docker socket`);
      else
        mounts.push({
          type: 'bind',
          source,
          target,
          readOnly: mount.read_only === true || paths.some((path) => touches(path, source)),
        });
    } else {
      leftOut.push(`${mount.type} at ${target}`);
    }
  }
  const files = [
    ...(service.configs ?? []).map(({ source, target }) => ({
      file: model.configs[source]?.file,
      target: target ?? `/${source}`,
    })),
    ...(service.secrets ?? []).map(({ source, target }) => ({
      file: model.secrets[source]?.file,
      target: target?.startsWith('/') ? target : `/run/secrets/${target ?? source}`,
    })),
  ];
  for (const { file, target } of files)
    if (file !== undefined) mounts.push({ type: 'bind', source: file, target, readOnly: true });
  return mounts;
}

/** Whether `path` is `folder` or lies in it. */
function isInside(path: string, folder: string): boolean {
  for (let at = normalize(path); ; at = dirname(at)) {
    if (at === folder) return true;
    if (at === dirname(at)) return false;
  }
}

const touches = (a: string, b: string) => isInside(a, b) || isInside(b, a);
