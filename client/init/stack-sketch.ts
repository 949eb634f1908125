/** A Compose project as far as a first plan needs to know it. Holds no value of a secret: those stay references. */
export interface StackSketch {
  project: string;
  services: ServiceSketch[];
  volumes: VolumeSketch[];
  networks: string[];
}

export interface ServiceSketch {
  name: string;
  image?: string;
  build: boolean;
  ports: PortSketch[];
  /** Words of its health check; empty where it has none. */
  healthcheck: string[];
  /** As written: `${NAME}` stays, so that no secret is read. */
  environment: Record<string, string>;
  /** Keys of the volumes that it mounts. */
  volumes: string[];
  /** Paths of the host that it mounts. */
  binds: string[];
  /** How many mounts have no name, and are lost with the container. */
  anonymous: number;
}

export interface PortSketch {
  /** Inside the container. */
  target: number;
  /** A number, or `${NAME}` of the env file; absent where Docker chooses. */
  published?: string;
}

export interface VolumeSketch {
  key: string;
  /** As Docker knows it. */
  name: string;
  usedBy: string[];
}

type Mapping = Record<string, unknown>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';

/**
 * What a Compose file says, from two readings of it: `written` (its YAML, in which variables are still variables) and `resolved` (what
 * `docker compose config` makes of it), which decides about names where it is there. `ports` are the variables of the env file that hold port numbers.
 */
export function sketchStack(
  project: string,
  written: unknown,
  ports: readonly string[],
  resolved?: unknown,
): StackSketch {
  const raw = mapping(mapping(written)['services']);
  const decided = mapping(resolved === undefined ? written : resolved);
  const services = Object.entries(mapping(decided['services']))
    .filter(([, service]) => list(mapping(service)['profiles']).length === 0)
    .map(([name, service]) => sketchService(name, mapping(raw[name]), mapping(service), ports));
  const volumes = Object.entries(mapping(decided['volumes'])).map(([key, value]): VolumeSketch => ({
    key,
    name: text(mapping(value)['name']) || (mapping(value)['external'] === true ? key : `${project}_${key}`),
    usedBy: services.filter((service) => service.volumes.includes(key)).map(({ name }) => name),
  }));
  return {
    project,
    services,
    volumes: volumes.filter(({ usedBy }) => usedBy.length > 0),
    networks: Object.keys(mapping(decided['networks'])),
  };
}

function sketchService(name: string, written: Mapping, resolved: Mapping, ports: readonly string[]): ServiceSketch {
  const mounts = list(resolved['volumes']).map(mountOf);
  const image = text(resolved['image']);
  return {
    name,
    ...(image === '' ? {} : { image }),
    build: resolved['build'] !== undefined && resolved['build'] !== null,
    ports: portsOf(list(written['ports']), list(resolved['ports']), ports),
    healthcheck: wordsOf(mapping(resolved['healthcheck'])),
    environment: environmentOf(written['environment']),
    volumes: mounts.flatMap((mount) => (mount.type === 'volume' && mount.source !== '' ? [mount.source] : [])),
    binds: mounts.flatMap((mount) => (mount.type === 'bind' ? [mount.source] : [])),
    anonymous: mounts.filter((mount) => mount.type === 'volume' && mount.source === '').length,
  };
}

function mountOf(mount: unknown): { type: string; source: string } {
  if (isMapping(mount)) return { type: text(mount['type']), source: text(mount['source']) };
  const [source = '', target] = withVariables(text(mount), []).split(':');
  if (target === undefined) return { type: 'volume', source: '' };
  return { type: /^[./~$]/.test(source) ? 'bind' : 'volume', source };
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
    const { target, published } = readPort(port, ports);
    const shown = own !== undefined && isKnown(own, ports) ? own : published;
    const fixed = shown !== undefined && (/^[1-9][\d-]*$/.test(shown) || isKnown(shown, ports));
    return { target, ...(fixed ? { published: shown } : {}) };
  });
}

const isKnown = (port: string, known: readonly string[]) => known.some((name) => port === `\${${name}}`);

function readPort(port: unknown, ports: readonly string[]): PortSketch {
  if (isMapping(port)) {
    const published = withVariables(text(port['published']), ports);
    return { target: Number(text(port['target'])), ...(published === '' ? {} : { published }) };
  }
  const parts = withVariables(text(port), ports)
    .replace(/\/(tcp|udp)$/, '')
    .split(':');
  const published = parts.length > 1 ? parts.at(-2) : undefined;
  return { target: Number(parts.at(-1)), ...(published === undefined ? {} : { published }) };
}

/** `${NAME:-0}` as `${NAME}` where the name is known, else as its default: so that a colon in it separates nothing. */
function withVariables(value: string, known: readonly string[]): string {
  return value.replace(/\$\{([A-Za-z_]\w*)(?::?-([^}]*))?[^}]*\}/g, (_all, name: string, fallback?: string) =>
    known.includes(name) || fallback === undefined ? `\${${name}}` : fallback,
  );
}
