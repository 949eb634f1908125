/** A Compose project as far as a first plan needs to know it. Holds no value of a secret: those stay references. */
export interface StackSketch {
  project: string;
  /** Those that `up` starts with the profiles that are on. */
  services: ServiceSketch[];
  volumes: VolumeSketch[];
  networks: { name: string; external: boolean }[];
  /** Profiles that are not on, with their services. */
  otherProfiles: Record<string, string[]>;
}

export interface ServiceSketch {
  name: string;
  image?: string;
  build: boolean;
  ports: PortSketch[];
  /** Ports that it offers to other services alone. */
  exposed: number[];
  /** Words of its health check; empty where it has none. */
  healthcheck: string[];
  /** As written: `${NAME}` stays, so that no secret is read. */
  environment: Record<string, string>;
  /** Names of a database and its user, which are no secrets, as Compose fills them in. */
  names: Record<string, string>;
  /** Files that its environment is read from. */
  envFiles: string[];
  mounts: MountSketch[];
  /** Path patterns that its image keeps in volumes without a name, where no mount covers them. */
  anonymous: string[];
  /** Whether its image has a health check of its own; undefined where the image is not here. */
  imageHealth?: boolean;
  /** Of a PostgreSQL server that runs: its databases that hold something. */
  databases?: string[];
  /** Files that its container has written into itself, a few of them, and how many. */
  written?: { count: number; some: string[] };
}

export interface MountSketch {
  type: string;
  /** Key of a volume, or path of the host; empty for an anonymous volume. */
  source: string;
  target: string;
  readOnly: boolean;
}

export interface PortSketch {
  /** Inside the container. */
  target: number;
  /** A number, or `${NAME}` of the env file; absent where Docker chooses. */
  published?: string;
  /** Address of this host, where it is not all of them. */
  ip?: string;
  protocol: string;
}

export interface VolumeSketch {
  key: string;
  /** As Docker knows it. */
  name: string;
  external: boolean;
  /** In memory: what it holds ends with its containers. */
  inMemory: boolean;
  usedBy: string[];
}

export interface SketchInput {
  project: string;
  /** The YAML, in which variables are still variables. */
  written: unknown;
  /** Variables of the env file that hold port numbers. */
  ports: readonly string[];
  profiles: readonly string[];
  /** What `docker compose config` makes of it, which decides about names where it is there. */
  resolved?: unknown;
}

type Mapping = Record<string, unknown>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';

/** What a Compose file says, from two readings of it. */
export function sketchStack({ project, written, ports, profiles, resolved }: SketchInput): StackSketch {
  const raw = mapping(mapping(written)['services']);
  const decided = mapping(resolved ?? written);
  const all = Object.entries(mapping(decided['services'])).filter(([, service]) => replicasOf(mapping(service)) !== 0);
  const profilesOf = (service: unknown) => list(mapping(service)['profiles']).map(text);
  const isOn = (service: unknown) => {
    const own = profilesOf(service);
    return own.length === 0 || own.some((profile) => profiles.includes(profile));
  };
  const services = all
    .filter(([, service]) => isOn(service))
    .map(([name, service]) => sketchService(name, mapping(raw[name]), mapping(service), ports));
  const volumes = Object.entries(mapping(decided['volumes'])).map(([key, value]): VolumeSketch => {
    const { name, external, driver_opts: options } = mapping(value);
    const isExternal = external !== undefined && external !== false;
    return {
      key,
      name: text(name) || (isExternal ? key : `${project}_${key}`),
      external: isExternal,
      inMemory: text(mapping(options)['type']) === 'tmpfs',
      usedBy: services.filter(({ mounts }) => mounts.some(isVolume(key))).map((service) => service.name),
    };
  });
  const otherProfiles: Record<string, string[]> = {};
  for (const [name, service] of all.filter((entry) => !isOn(entry[1])))
    for (const profile of profilesOf(service)) (otherProfiles[profile] ??= []).push(name);
  return {
    project,
    services,
    volumes: volumes.filter(({ usedBy }) => usedBy.length > 0),
    networks: Object.entries(mapping(decided['networks'])).map(([key, value]) => ({
      name: text(mapping(value)['name']) || key,
      external: (mapping(value)['external'] ?? false) !== false,
    })),
    otherProfiles,
  };
}

const isVolume = (key: string) => (mount: MountSketch) => mount.type === 'volume' && mount.source === key;

const replicasOf = (service: Mapping): unknown => service['scale'] ?? mapping(service['deploy'])['replicas'];

function sketchService(name: string, written: Mapping, resolved: Mapping, ports: readonly string[]): ServiceSketch {
  const mounts = list(resolved['volumes']).map(mountOf);
  const image = text(resolved['image']);
  const names = Object.entries(environmentOf(resolved['environment'])).filter(([key]) =>
    /^(POSTGRES|POSTGRESQL)_(USER|USERNAME|DB|DATABASE)$/.test(key),
  );
  return {
    name,
    ...(image === '' ? {} : { image }),
    build: resolved['build'] !== undefined && resolved['build'] !== null,
    ports: portsOf(list(written['ports']), list(resolved['ports']), ports),
    exposed: list(resolved['expose']).map((port) => Number(text(port).split('/')[0])),
    healthcheck: wordsOf(mapping(resolved['healthcheck'])),
    environment: environmentOf(written['environment']),
    names: Object.fromEntries(names),
    envFiles: [written['env_file']].flat().flatMap((file) => text(isMapping(file) ? file['path'] : file) || []),
    mounts,
    anonymous: mounts.flatMap(({ type, source, target }) => (type === 'volume' && source === '' ? [target] : [])),
  };
}

function mountOf(mount: unknown): MountSketch {
  if (isMapping(mount)) {
    const readOnly = mount['read_only'] === true;
    return { type: text(mount['type']), source: text(mount['source']), target: text(mount['target']), readOnly };
  }
  const [source = '', target, mode = ''] = withVariables(text(mount), []).split(':');
  if (target === undefined) return { type: 'volume', source: '', target: source, readOnly: false };
  return { type: /^[./~$]/.test(source) ? 'bind' : 'volume', source, target, readOnly: /\bro\b/.test(mode) };
}

function wordsOf(healthcheck: Mapping): string[] {
  const { test, disable } = healthcheck;
  const words = typeof test === 'string' ? ['CMD-SHELL', test] : list(test).map(text);
  return disable === true || words[0] === 'NONE' ? [] : words.slice(1);
}

function environmentOf(environment: unknown): Record<string, string> {
  if (isMapping(environment))
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, text(value)]));
  return Object.fromEntries(
    list(environment).map((line) => {
      const [name = '', ...rest] = text(line).split('=');
      return [name, rest.join('=')];
    }),
  );
}

/** Ports in the order of the file: as a variable of the env file where one holds it, else as a number. */
function portsOf(written: unknown[], resolved: unknown[], ports: readonly string[]): PortSketch[] {
  return resolved.map((port, index) => {
    const own = written.length === resolved.length ? readPort(written[index], ports).published : undefined;
    const { published, ...rest } = readPort(port, ports);
    const shown = own !== undefined && isKnown(own, ports) ? own : published;
    const fixed = shown !== undefined && (/^[1-9][\d-]*$/.test(shown) || isKnown(shown, ports));
    return { ...rest, ...(fixed ? { published: shown } : {}) };
  });
}

const isKnown = (port: string, known: readonly string[]) => known.some((name) => port === `\${${name}}`);

function readPort(port: unknown, ports: readonly string[]): PortSketch {
  if (isMapping(port)) {
    const published = withVariables(text(port['published']), ports);
    const ip = text(port['host_ip']);
    return {
      target: Number(text(port['target'])),
      protocol: text(port['protocol']) || 'tcp',
      ...(published === '' ? {} : { published }),
      ...(ip === '' || ip === '0.0.0.0' || ip === '::' ? {} : { ip }),
    };
  }
  const [address = '', protocol = 'tcp'] = withVariables(text(port), ports).split('/');
  const parts = address.split(':');
  const published = parts.length > 1 ? parts.at(-2) : undefined;
  return { target: Number(parts.at(-1)), protocol, ...(published === undefined ? {} : { published }) };
}

/** `${NAME:-0}` as `${NAME}` where the name is known, else as its default: so that a colon in it separates nothing. */
function withVariables(value: string, known: readonly string[]): string {
  return value.replace(/\$\{([A-Za-z_]\w*)(?::?-([^}]*))?[^}]*\}/g, (_all, name: string, fallback?: string) =>
    known.includes(name) || fallback === undefined ? `\${${name}}` : fallback,
  );
}
