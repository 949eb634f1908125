import { normalize } from 'node:path';
import type { ComposeModel, ComposeService } from './compose-model.ts';
import type { SeenContainer, SeenMount } from './seen-container.ts';

/** In what a container is not what the model says. */
export interface Difference {
  /** The setting, e.g. `environment`, `volumes`. */
  what:
    | 'image'
    | 'volumes'
    | 'environment'
    | 'command'
    | 'entrypoint'
    | 'user'
    | 'labels'
    | 'networks'
    | 'ports'
    | 'restart';
  /** In the operator's words; names and places, never the value of a variable or label. */
  detail: string;
}

/**
 * Compares a running container with what a Compose model says of its service. Configuration hashes say whether Compose made it from the
 * same text; this says whether it is so. What the model leaves open is not compared. Pure.
 * @param imageId of the image that the service should run
 */
export function compareContainer(
  model: ComposeModel,
  container: SeenContainer,
  imageId: string | undefined,
): Difference[] {
  const service = model.services[container.service];
  if (!service) return [];
  return [
    ...compareImage(container, imageId),
    ...compareMounts(model, service, container),
    ...compareEnvironment(service, container),
    ...compareCommands(service, container),
    ...compareLabels(service, container),
    ...compareNetworks(model, service, container),
    ...comparePorts(service, container),
    ...compareRestart(service, container),
  ];
}

function compareImage({ imageId }: SeenContainer, expected: string | undefined): Difference[] {
  if (expected === undefined || imageId === expected) return [];
  return [{ what: 'image', detail: `image ${short(imageId)}, not ${short(expected)}` }];
}

const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12);

/** Compose prints a dollar sign twice, so that what it prints can be read again. */
export const plain = (text: string) => text.replaceAll('$$', '$');

/** What the model wants mounted: volumes by their real names, and files of configs and secrets. */
export function wantedMounts(model: ComposeModel, service: ComposeService): SeenMount[] {
  const volumes = (service.volumes ?? []).flatMap((mount): SeenMount[] => {
    const rest = { target: trimmed(plain(mount.target)), readOnly: mount.read_only ?? false };
    // An anonymous volume has any name, and a tmpfs none.
    if (mount.type === 'volume') {
      const source = mount.source === undefined ? '' : (model.volumes[mount.source]?.name ?? mount.source);
      return [{ type: 'volume', source, ...rest }];
    }
    return mount.type === 'bind' && mount.source !== undefined
      ? [{ type: 'bind', source: normalize(plain(mount.source)), ...rest }]
      : [];
  });
  const files = [
    ...(service.configs ?? []).map(({ source, target }) => ({
      file: model.configs[source]?.file,
      target: target ?? `/${source}`,
    })),
    ...(service.secrets ?? []).map(({ source, target }) => ({
      file: model.secrets[source]?.file,
      target: target?.startsWith('/') === true ? target : `/run/secrets/${target ?? source}`,
    })),
  ].flatMap(({ file, target }): SeenMount[] =>
    file === undefined ? [] : [{ type: 'bind', source: normalize(plain(file)), target: plain(target), readOnly: true }],
  );
  return [...volumes, ...files];
}

const trimmed = (path: string) => (path.length > 1 ? path.replace(/\/+$/, '') : path);
/** A name that the engine made up. */
const anonymous = (name: string) => name === '' || /^[0-9a-f]{64}$/.test(name);

function compareMounts(model: ComposeModel, service: ComposeService, { mounts }: SeenContainer): Difference[] {
  const wanted = wantedMounts(model, service);
  const found: Difference[] = [];
  for (const want of wanted) {
    const seen = mounts.find(({ target }) => trimmed(target) === want.target);
    const name = want.source === '' ? 'an anonymous volume' : `${want.type} ${want.source}`;
    if (!seen) found.push({ what: 'volumes', detail: `nothing mounted at ${want.target}, not ${name}` });
    else if (seen.type !== want.type || !isSame(seen, want))
      found.push({ what: 'volumes', detail: `${seen.type} ${seen.source} at ${want.target}, not ${name}` });
    else if (seen.readOnly !== want.readOnly)
      found.push({
        what: 'volumes',
        detail: `${name} at ${want.target} mounted ${seen.readOnly ? 'read-only' : 'for writing'}`,
      });
  }
  const targets = new Set([...wanted.map(({ target }) => target), ...injectedTargets(service)]);
  for (const seen of mounts) {
    // What an image declares as a volume gets one without being asked; named ones somebody has asked for.
    if (targets.has(trimmed(seen.target)) || seen.type === 'tmpfs' || anonymous(seen.source)) continue;
    if ((service.volumes ?? []).some(({ target }) => trimmed(plain(target)) === trimmed(seen.target))) continue;
    found.push({ what: 'volumes', detail: `${seen.type} ${seen.source} at ${seen.target}, which the model has not` });
  }
  return found;
}

function isSame(seen: SeenMount, want: SeenMount): boolean {
  if (want.type === 'volume' && want.source === '') return anonymous(seen.source);
  if (want.type === 'volume') return seen.source === want.source;
  // Docker Desktop shows folders of its host below a place of its own.
  return seen.source === want.source || seen.source.endsWith(`/host_mnt${want.source}`);
}

const injectedTargets = (service: ComposeService) => [
  ...(service.configs ?? []).map(({ source, target }) => plain(target ?? `/${source}`)),
  ...(service.secrets ?? []).map(({ source, target }) =>
    target?.startsWith('/') === true ? target : `/run/secrets/${target ?? source}`,
  ),
];

function compareEnvironment(
  { environment = {} }: ComposeService,
  { environment: seen, image }: SeenContainer,
): Difference[] {
  const is = fromPairs(seen);
  const wants = new Map(
    Object.entries(environment).flatMap(([name, value]) => (value === null ? [] : [[name, plain(value)] as const])),
  );
  const wrong = [...wants].filter(([name, value]) => is.get(name) !== value).map(([name]) => name);
  const given = image && fromPairs(image.environment);
  const extra = [...is].filter(
    ([name, value]) => !(name in environment) && given !== undefined && given.get(name) !== value,
  );
  // What an engine's proxy settings add is in no model.
  const others = extra.map(([name]) => name).filter((name) => !/^(https?|ftp|no|all)_proxy$/i.test(name));
  const names = [...new Set([...wrong, ...others])].sort();
  return names.length === 0 ? [] : [{ what: 'environment', detail: `other values of ${names.join(', ')}` }];
}

const fromPairs = (pairs: readonly string[]) =>
  new Map(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );

function compareCommands(service: ComposeService, container: SeenContainer): Difference[] {
  const { image } = container;
  const command = said(service['command']);
  const entrypoint = said(service['entrypoint']);
  const found: Difference[] = [];
  const wantsEntrypoint = entrypoint ?? image?.entrypoint ?? null;
  if ((entrypoint ?? image) !== undefined && !equal(container.entrypoint, wantsEntrypoint))
    found.push({ what: 'entrypoint', detail: 'another entrypoint' });
  // An entrypoint of its own does away with the image's command.
  const wantsCommand = command ?? (entrypoint === undefined ? (image?.command ?? null) : null);
  if ((command ?? image) !== undefined && !equal(container.command, wantsCommand))
    found.push({ what: 'command', detail: 'another command' });
  const user = service.user ?? image?.user;
  if (user !== undefined && container.user !== user)
    found.push({
      what: 'user',
      detail: `user ${container.user || 'of the image'}, not ${user || 'that of the image'}`,
    });
  return found;
}

const said = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.map((part) => plain(String(part))) : undefined;

const equal = (a: readonly string[] | null, b: readonly string[] | null) =>
  JSON.stringify(a ?? []) === JSON.stringify(b ?? []);

function compareLabels({ labels = {} }: ComposeService, { labels: seen }: SeenContainer): Difference[] {
  const wrong = Object.entries(labels).filter(([name, value]) => seen[name] !== plain(value));
  if (wrong.length === 0) return [];
  return [
    {
      what: 'labels',
      detail: `other labels: ${wrong
        .map(([name]) => name)
        .sort()
        .join(', ')}`,
    },
  ];
}

function compareNetworks(model: ComposeModel, service: ComposeService, container: SeenContainer): Difference[] {
  const mode = service.network_mode;
  if (mode !== undefined) {
    const simple = ['host', 'none', 'bridge'].includes(mode);
    if (!simple || container.networkMode === mode) return [];
    return [{ what: 'networks', detail: `network mode ${container.networkMode}, not ${mode}` }];
  }
  return Object.entries(service.networks ?? {}).flatMap(([key, settings]): Difference[] => {
    const name = model.networks[key]?.name ?? key;
    const aliases = container.networks[name];
    if (!aliases) return [{ what: 'networks', detail: `not in network ${name}` }];
    const missing = (settings?.aliases ?? []).filter((alias) => !aliases.includes(plain(alias)));
    if (missing.length === 0) return [];
    return [{ what: 'networks', detail: `not known as ${missing.join(', ')} in network ${name}` }];
  });
}

function comparePorts({ ports = [] }: ComposeService, container: SeenContainer): Difference[] {
  const fixed = ports.filter(({ published }) => published !== undefined && /^[1-9]\d*$/.test(published));
  const missing = fixed.filter(({ published, target, protocol = 'tcp', host_ip: ip = '' }) => {
    const rest = `:${published}:${target}/${protocol}`;
    return !container.ports.includes(`${ip}${rest}`) && !(ip === '' && container.ports.includes(`0.0.0.0${rest}`));
  });
  if (missing.length === 0) return [];
  const names = missing.map(({ published, target }) => `${published}:${target}`);
  return [{ what: 'ports', detail: `port ${names.join(', ')} not published` }];
}

function compareRestart({ restart }: ComposeService, container: SeenContainer): Difference[] {
  const wants = restart?.split(':')[0];
  if (wants === undefined || (container.restart || 'no') === wants) return [];
  return [{ what: 'restart', detail: `restart policy ${container.restart || 'no'}, not ${wants}` }];
}
