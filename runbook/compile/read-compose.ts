import { canonicalJson } from '../json.ts';
import { variablesIn } from '../plan/index.ts';
import type { ComposeFacts, ComposeMount, ComposeService, ComposeResource } from '../plan/index.ts';

type Mapping = Record<string, unknown>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * What a Compose file says, from its parsed YAML or from the JSON of `docker compose config`. Undefined when it is no
 * Compose file. What Compose itself would refuse is left to Compose.
 */
export function readCompose(document: unknown): ComposeFacts | undefined {
  if (!isMapping(document) || !isMapping(document['services'])) return undefined;
  const services = Object.entries(document['services']);
  const awaited = new Set(services.flatMap(([, service]) => completionsAwaited(mapping(service)['depends_on'])));
  const name = text(document['name']);
  return {
    ...(name === undefined ? {} : { name }),
    services: Object.fromEntries(services.map(([key, value]) => [key, readService(key, mapping(value), awaited)])),
    volumes: readResources(document['volumes']),
    networks: readResources({ default: null, ...mapping(document['networks']) }),
    partial:
      document['include'] !== undefined || services.some(([, service]) => mapping(service)['extends'] !== undefined),
    // Names of services and extensions (`x-…`) that nothing uses are read by Compose, too.
    variables: variablesIn({ ...document, services: undefined }),
  };
}

function completionsAwaited(dependsOn: unknown): string[] {
  return Object.entries(mapping(dependsOn))
    .filter(([, value]) => mapping(value)['condition'] === 'service_completed_successfully')
    .map(([service]) => service);
}

function readService(name: string, service: Mapping, awaited: ReadonlySet<string>): ComposeService {
  const image = text(service['image']);
  const containerName = text(service['container_name']);
  return {
    name,
    ...(image === undefined ? {} : { image }),
    build: service['build'] !== undefined,
    ...(containerName === undefined ? {} : { containerName }),
    profiles: Array.isArray(service['profiles']) ? service['profiles'].map(String) : [],
    oneShot: awaited.has(name),
    credentials: holdsCredentials(service),
    variables: variablesIn(service),
    mounts: Array.isArray(service['volumes']) ? service['volumes'].map(readMount) : [],
    mountsFrom: Array.isArray(service['volumes_from']) ? service['volumes_from'].flatMap(readMountsFrom) : [],
  };
}

const credentialName = /pass|pwd|secret|token|key|credential|url|uri|dsn|postgres|^pg|database|_db/i;

function holdsCredentials(service: Mapping): boolean {
  const environment = service['environment'];
  const names = Array.isArray(environment) ? environment.map(String) : Object.keys(mapping(environment));
  return (
    service['env_file'] !== undefined ||
    service['secrets'] !== undefined ||
    names.some((name) => credentialName.test(name.split('=')[0] ?? ''))
  );
}

function readMount(mount: unknown): ComposeMount {
  if (isMapping(mount)) {
    const source = text(mount['source']);
    const target = text(mount['target']) ?? '';
    const type = text(mount['type']);
    const place = { target, readOnly: mount['read_only'] === true };
    if (type === 'bind' || type === 'tmpfs') return { type, ...place, ...(source === undefined ? {} : { source }) };
    if (type !== 'volume') return { type: 'other', ...place };
    return source === undefined ? { type: 'anonymous', ...place } : { type: 'volume', source, ...place };
  }
  const [first = '', second, mode = ''] = splitShort(String(mount));
  if (second === undefined) return { type: 'anonymous', target: first, readOnly: false };
  const isPath = /^(\.{1,2}$|\.{0,2}\/|~|\$)/.test(first);
  return {
    type: isPath ? 'bind' : 'volume',
    source: first,
    target: second,
    readOnly: mode.split(',').includes('ro'),
  };
}

/** `SERVICE[:MODE]`; what a container outside of the project mounts is not told by the file. */
function readMountsFrom(entry: unknown): ComposeService['mountsFrom'] {
  const [service = '', mode] = String(entry).split(':');
  return service === 'container' ? [] : [{ service, readOnly: mode === 'ro' }];
}

/** `source:target:mode`, where a colon inside `${…}` separates nothing. */
function splitShort(text: string): string[] {
  const parts = [''];
  let braces = 0;
  for (const letter of text) {
    if (letter === '{') braces++;
    if (letter === '}') braces--;
    if (letter === ':' && braces === 0) parts.push('');
    else parts.push((parts.pop() ?? '') + letter);
  }
  return parts;
}

function readResources(value: unknown): Record<string, ComposeResource> {
  return Object.fromEntries(
    Object.entries(mapping(value)).map(([key, resource]) => [key, readResource(key, resource)]),
  );
}

function readResource(key: string, value: unknown): ComposeResource {
  const { name, external, ...rest } = mapping(value);
  const given = text(name) ?? text(mapping(external)['name']);
  const options = mapping(rest['driver_opts']);
  const device = /\bbind\b/.test(text(options['o']) ?? '') ? text(options['device']) : undefined;
  return {
    key,
    ...(given === undefined ? {} : { name: given }),
    external: external !== undefined && external !== false,
    // Absent, null and {} are the same definition: all defaults.
    definition: canonicalJson({ ...rest, external: external !== undefined && external !== false }),
    ...(device === undefined ? {} : { device }),
  };
}
