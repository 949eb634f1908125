import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ComposeModel, ComposeService, WorldContainer } from '../compose/index.ts';
import { enabledServices, plain } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import type { FileReader } from './container-file.ts';

/** Configuration is small; what is larger is data, and data changes by itself. */
const largestFile = 1024 * 1024;
const mostFiles = 200;

/** What a service has bind-mounted as configuration. */
export interface BoundContent {
  /** Digest over all of it, in the content store. */
  digest: string;
  files: number;
  /** Newest change of a file or its name, in milliseconds since 1970. */
  changedAt: number;
  /** What Compose itself writes into the container, with the digest of what it should hold. */
  injected: { target: string; sha256: string }[];
}

type Keeper = Pick<EffectContext, 'keep'>;
type Journalled = Pick<EffectContext, 'identityOf' | 'bindIdentity'>;

/**
 * What each service has bind-mounted as configuration: files, and folders that it may only read. Folders that it writes to are data.
 * Compose sees only the paths, so changed content alone would never reach a running container. Contents are kept in the store.
 */
export async function boundContents(model: ComposeModel, context: Keeper): Promise<Map<string, BoundContent>> {
  const found = new Map<string, BoundContent>();
  for (const [name, service] of enabledServices(model)) {
    const files: BoundFile[] = [];
    for (const path of boundPaths(model, service)) await collect(path, files);
    const injected = injectedContents(model, service);
    for (const { target, sha256 } of injected)
      files.push({ path: `in the container: ${target}`, bytes: Buffer.from(sha256), changedAt: 0 });
    if (files.length === 0) continue;
    const entries: [string, string][] = [];
    for (const file of files.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      entries.push([file.path, await context.keep(file.bytes)]);
    }
    const digest = await context.keep(Buffer.from(JSON.stringify(entries)));
    found.set(name, {
      digest,
      files: files.length,
      changedAt: Math.max(...files.map((file) => file.changedAt)),
      injected,
    });
  }
  return found;
}

interface BoundPath {
  path: string;
  readOnly: boolean;
  /** Never copied, not even into the content store: its size and time have to do. */
  secret?: boolean;
}

function boundPaths(model: ComposeModel, service: ComposeService): BoundPath[] {
  const binds = (service.volumes ?? []).flatMap((mount) =>
    mount.type === 'bind' && mount.source !== undefined
      ? [{ path: mount.source, readOnly: mount.read_only ?? false }]
      : [],
  );
  const configs = (service.configs ?? []).map(({ source }) => ({ path: model.configs[source]?.file, secret: false }));
  const secrets = (service.secrets ?? []).map(({ source }) => ({ path: model.secrets[source]?.file, secret: true }));
  const named = [...configs, ...secrets].flatMap(({ path, secret }) =>
    path === undefined ? [] : [{ path, readOnly: true, secret }],
  );
  return [...binds, ...named];
}

/** Configs and secrets without a file. Only their digests are kept: they may be secrets. */
function injectedContents(model: ComposeModel, service: ComposeService): BoundContent['injected'] {
  const configs = (service.configs ?? []).map(({ source, target }) => ({
    given: model.configs[source],
    target: target ?? `/${source}`,
  }));
  const secrets = (service.secrets ?? []).map(({ source, target }) => ({
    given: model.secrets[source],
    target: target?.startsWith('/') === true ? target : `/run/secrets/${target ?? source}`,
  }));
  return [...configs, ...secrets].flatMap(({ given, target }) =>
    given?.content === undefined ? [] : [{ target: plain(target), sha256: sha256(Buffer.from(plain(given.content))) }],
  );
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface BoundFile {
  path: string;
  bytes: Buffer;
  changedAt: number;
}

async function collect({ path, readOnly, secret = false }: BoundPath, files: BoundFile[]): Promise<void> {
  if (files.length >= mostFiles) return;
  try {
    const found = await lstat(path);
    if (found.isFile() && found.size <= largestFile) {
      const bytes = secret ? Buffer.from(`secret of ${found.size} bytes, ${found.mtimeMs}`) : await readFile(path);
      files.push({ path, bytes, changedAt: Math.max(found.ctimeMs, found.mtimeMs) });
    } else if (found.isDirectory() && readOnly) {
      for (const name of (await readdir(path)).sort())
        await collect({ path: join(path, name), readOnly, secret }, files);
    }
  } catch (error) {
    // Not there: Compose says so itself. Not readable: a container's root may read what the worker may not.
    if (!['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const identityOfBinds = (service: string) => `binds:${service}`;

/** Services that run with other bind-mounted content than there is now. */
export async function servicesWithChangedContent(
  contents: Map<string, BoundContent>,
  own: readonly WorldContainer[],
  context: Pick<Journalled, 'identityOf'>,
  read: FileReader,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [service, content] of contents) {
    const containers = own.filter((container) => container.service === service);
    if (containers.length === 0) continue;
    const digest = await notedContent(service, containers, context);
    const noted = digest !== undefined;
    // Of containers that were made without us nothing is noted. Then a file that was touched after they were made counts as changed:
    // to recreate once too often does less harm than to run on with old configuration.
    const oldest = Math.min(...containers.map((container) => container.createdAt));
    const differs = noted ? digest !== content.digest : content.changedAt > (oldest + 1) * 1000;
    // The container itself has what Compose wrote into it.
    if (differs || (!noted && !(await hold(containers, content.injected, read)))) changed.push(service);
  }
  return changed;
}

/** The digest that was noted when these very containers were made; undefined where nothing was. */
export async function notedContent(
  service: string,
  containers: readonly WorldContainer[],
  context: Pick<Journalled, 'identityOf'>,
): Promise<string | undefined> {
  const [ids = '', digest] = ((await context.identityOf(identityOfBinds(service))) ?? '').split('=');
  return containers.every(({ id }) => ids.split(',').includes(id.slice(0, 12))) ? digest : undefined;
}

async function hold(
  containers: readonly WorldContainer[],
  injected: BoundContent['injected'],
  read: FileReader,
): Promise<boolean> {
  for (const { id } of containers) {
    for (const { target, sha256: expected } of injected) {
      const bytes = await read(id, target);
      if (bytes === undefined || sha256(bytes) !== expected) return false;
    }
  }
  return true;
}

/** Notes with which content the containers run now. */
export async function noteContents(
  contents: Map<string, BoundContent>,
  own: readonly WorldContainer[],
  context: Journalled,
): Promise<void> {
  for (const [service, content] of contents) {
    const ids = own.filter((container) => container.service === service).map((container) => container.id.slice(0, 12));
    const value = `${ids.sort().join(',')}=${content.digest}`;
    const resource = identityOfBinds(service);
    if (ids.length > 0 && (await context.identityOf(resource)) !== value) await context.bindIdentity(resource, value);
  }
}
