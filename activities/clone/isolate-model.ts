import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { mayEnd, type ComposeModel, type ComposeService } from '../compose/index.ts';
import { isolateMounts, isolateFiles } from './isolate-mounts.ts';

/** Whose clone it is, and where it lives. */
export interface CloneOf {
  /** Compose project and directory of the original. */
  project: string;
  directory: string;
  /** Directory of the clone, with the copies of the original's files. */
  copy: string;
  /** The clone's target: on everything that belongs to it. */
  target: string;
}

/** Keys that say how a process runs, and reach nothing outside. All others are looked at, dropped or refused. */
const harmless = new Set([
  ...[
    'annotations',
    'cap_drop',
    'command',
    'configs',
    'cpu_count',
    'cpu_percent',
    'cpu_period',
    'cpu_quota',
    'cpu_shares',
  ],
  ...[
    'cpus',
    'cpuset',
    'depends_on',
    'deploy',
    'entrypoint',
    'environment',
    'expose',
    'group_add',
    'healthcheck',
    'image',
  ],
  ...[
    'init',
    'links',
    'mem_limit',
    'mem_reservation',
    'mem_swappiness',
    'memswap_limit',
    'networks',
    'oom_kill_disable',
  ],
  ...['oom_score_adj', 'pids_limit', 'platform', 'profiles', 'read_only', 'restart', 'runtime', 'scale', 'secrets'],
  ...['security_opt', 'shm_size', 'stdin_open', 'stop_grace_period', 'stop_signal', 'storage_opt', 'sysctls', 'tmpfs'],
  ...['tty', 'ulimits', 'user', 'volumes', 'working_dir', 'attach', 'post_start', 'pre_stop', 'blkio_config'],
]);

/** What a clone does without: names that exist once, ports, where logs go, what others find it by; env files are resolved by then. */
const dropped = new Set([
  ...[
    'build',
    'container_name',
    'develop',
    'dns',
    'dns_opt',
    'dns_search',
    'domainname',
    'env_file',
    'hostname',
    'label_file',
    'labels',
  ],
  ...['logging', 'mac_address', 'ports', 'pull_policy'],
]);

/** Capabilities with which a container could reach the host itself. */
const mighty = new Set(['ALL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_BOOT', 'SYS_TIME', 'MKNOD', 'BPF']);

/** Nobody answers there (RFC 5737). Docker's own resolver would pass names on to the host's, also from an internal network. */
const noResolver = ['192.0.2.1'];

/**
 * A stack's configuration as its clone runs it: another project, no names or ports of its own, internal networks, its own volumes, and
 * copies of its files. @throws SwitchbackError `Unsupported` that names everything by which the stack reaches outside
 */
export function isolateModel(model: ComposeModel, clone: CloneOf): ComposeModel {
  const reasons: string[] = [];
  const name = model.name;
  const own = { [labels.target]: clone.target, [labels.role]: 'clone' };
  const files = { ...clone, refuse: (reason: string) => void reasons.push(reason) };
  const services = Object.entries(model.services).map(([key, service]): [string, ComposeService] => {
    const refuse = (why: string) => void reasons.push(`service ${key} ${why}`);
    refuseReach(service, refuse);
    const kept = Object.fromEntries(Object.entries(service).filter(([field]) => !dropped.has(field))) as ComposeService;
    return [
      key,
      {
        ...kept,
        image: service.image ?? `${clone.project}-${key}`,
        pull_policy: 'never',
        dns: noResolver,
        ...(service.network_mode === undefined ? { networks: withoutAddresses(service.networks) } : {}),
        ...(service.volumes === undefined ? {} : { volumes: isolateMounts(key, service.volumes, files) }),
        labels: { ...ownWords(model, key, service), ...own, ...published(service) },
      },
    ];
  });
  for (const [key, volume] of Object.entries(model.volumes)) {
    if (volume.external) reasons.push(`volume ${key} belongs to somebody else (external)`);
    else if ((volume.driver ?? 'local') !== 'local' || Object.keys(volume.driver_opts ?? {}).length > 0)
      reasons.push(`volume ${key} may lie elsewhere (driver ${volume.driver ?? 'local'} with options)`);
  }
  for (const [key, network] of Object.entries(model.networks))
    if (network.external) reasons.push(`network ${key} belongs to somebody else (external)`);
  const isolated: ComposeModel = {
    name,
    services: Object.fromEntries(services),
    volumes: mapValues(model.volumes, (key) => ({ name: cloneVolume(name, key), labels: own })),
    networks: mapValues(model.networks, (key) => ({ name: `${name}_${key}`, internal: true, labels: own })),
    configs: mapValues(model.configs, (key, config) => isolateFiles(`config ${key}`, config, files)),
    secrets: mapValues(model.secrets, (key, secret) => isolateFiles(`secret ${key}`, secret, files)),
  };
  if (reasons.length === 0) return isolated;
  throw new SwitchbackError('Unsupported', `the stack cannot be cloned: ${reasons.slice(0, 6).join('; ')}`, {
    hint: 'A clone must not touch anything outside. What the phase does not need may stand in a Compose file of its own.',
    facts: { reasons: reasons.length },
  });
}

/** A volume of the clone, as Docker knows it. */
export const cloneVolume = (project: string, key: string) => `${project}_${key}`;

const mapValues = <T, U>(record: Record<string, T>, change: (key: string, value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(key, value)]));

function refuseReach(service: ComposeService, refuse: (why: string) => void): void {
  const mode = service.network_mode;
  if (mode !== undefined && mode !== 'none' && !mode.startsWith('service:')) refuse(`uses the network ${mode}`);
  for (const key of ['pid', 'ipc', 'uts', 'userns_mode', 'cgroup'])
    if (service[key] === 'host') refuse(`shares ${key} with the host`);
  for (const item of (service['cap_add'] as string[] | undefined) ?? [])
    if (mighty.has(item.toUpperCase().replace(/^CAP_/, ''))) refuse(`has the capability ${item}`);
  const devices = (service.deploy as { resources?: { reservations?: { devices?: unknown[] } } } | undefined)?.resources;
  if ((devices?.reservations?.devices ?? []).length > 0) refuse('has devices of the host');
  const judged = new Set(['network_mode', 'pid', 'ipc', 'uts', 'userns_mode', 'cgroup', 'cap_add']);
  for (const [key, value] of Object.entries(service)) {
    if (harmless.has(key) || dropped.has(key) || judged.has(key) || isEmpty(value)) continue;
    refuse(`has ${key}, which may reach outside`);
  }
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Aliases stay: services find each other by them. Addresses are of a subnet that the clone does not have. */
function withoutAddresses(networks: ComposeService['networks']): NonNullable<ComposeService['networks']> {
  return mapValues(networks ?? {}, (_key, network) => (network?.aliases ? { aliases: network.aliases } : null));
}

const oneShot = 'io.switchback.one-shot';

/** Labels are how routers and agents find containers: a clone's they must not. Ours say how a service is meant, as its ports do. */
function ownWords(model: ComposeModel, key: string, service: ComposeService): Record<string, string> {
  const said =
    service.labels?.[oneShot] ?? ((service.ports ?? []).length > 0 && !mayEnd(model, key) ? 'false' : undefined);
  return said === undefined ? {} : { [oneShot]: said };
}

function published(service: ComposeService): Record<string, string> {
  const ports = (service.ports ?? []).flatMap(({ published: port, target, protocol }) =>
    port !== undefined && port !== '0' && (protocol ?? 'tcp') === 'tcp' ? [`${port}:${target}`] : [],
  );
  return ports.length === 0 ? {} : { [labels.published]: ports.join(',') };
}
