import { isAbsolute, relative } from 'node:path';

import { otherStore, postgresStores, recognisePostgres, repositoryOf } from './recognise.ts';
import type { ServiceSketch, StackSketch } from './stack-sketch.ts';

/** Folders and sockets of every host: mounted to look at the host, not to keep something. */
const ofTheHost =
  /^\/(dev|proc|sys|run|var\/run|etc\/(localtime|timezone|passwd|group|hosts|ssl|pki)|lib\/modules)(\/|$)|^\/$|docker\.sock$/;

/**
 * What endangers a way back in a stack, one sentence each, the gravest first: state that a recreated container loses, state that no backup
 * has, images whose name will mean another one by then. @param directory of the stack, absolute
 */
export function dangersIn(sketch: StackSketch, directory: string): string[] {
  return [
    ...withoutVolume(sketch),
    ...writtenInside(sketch),
    ...anonymous(sketch),
    ...boundData(sketch, directory),
    ...beside(sketch, directory),
    ...outside(sketch, directory),
    ...shared(sketch),
    ...inMemory(sketch),
    ...floating(sketch),
    ...built(sketch),
    ...scripted(sketch),
    ...unchecked(sketch),
  ];
}

/** More names than these tell a reader nothing. */
const mostNames = 8;
const names = (of: readonly string[]) =>
  of.length <= mostNames ? of.join(', ') : `${of.slice(0, mostNames).join(', ')} and ${of.length - mostNames} more`;
const list = (services: readonly ServiceSketch[]) => names(services.map(({ name }) => name));
const some = (found: boolean, sentence: string): string[] => (found ? [sentence] : []);

/** Not where the image keeps an anonymous volume, which is another danger. */
function withoutVolume({ services }: StackSketch): string[] {
  const bare = services.filter((service) => {
    const keeps = service.mounts.some(({ type, target }) => type !== 'tmpfs' && !isConfiguration(target));
    const isStore = recognisePostgres(service) !== undefined || otherStore(service) !== undefined;
    return isStore && !keeps && service.anonymous.length === 0;
  });
  return some(
    bare.length > 0,
    `data in containers: ${list(bare)} keep theirs in no volume at all. A recreated container begins empty: give each a named volume before any phase.`,
  );
}

const isConfiguration = (target: string) =>
  /^\/etc\/|^\/docker-entrypoint|\.(conf|cnf|ya?ml|json|sql|sh|toml|ini|xml|acl)$/.test(target);

function writtenInside({ services }: StackSketch): string[] {
  return services.flatMap(({ name, written }) =>
    written === undefined || written.count === 0
      ? []
      : [
          `files in a container: ${name} has written ${written.count} (${written.some.join(', ')}${written.count > written.some.length ? ', …' : ''}), which a recreated container loses. If they matter, mount a volume there.`,
        ],
  );
}

function anonymous({ services }: StackSketch): string[] {
  const found = services.filter((service) => service.anonymous.length > 0);
  const where = found.map((service) => `${service.name} (${service.anonymous.join(', ')})`).join(', ');
  return some(
    found.length > 0,
    `volumes without a name: ${where}. They cannot be backed up, and \`docker compose down\` or a renamed service loses them: name them.`,
  );
}

/** Folders that a service writes to; configuration is read, and mostly a single file. */
function boundData({ services }: StackSketch, directory: string): string[] {
  const databases = new Set(postgresStores(services).map(({ service }) => service));
  const found = services.flatMap((service) => {
    const folders = service.mounts
      .filter(
        ({ type, target, readOnly }) =>
          type === 'bind' && !readOnly && !/\.\w+$/.test(target) && !isConfiguration(target),
      )
      .map(({ source }) => source)
      .filter((source) => !ofTheHost.test(source))
      .map((source) => shown(source, directory));
    return folders.length === 0
      ? []
      : [`${service.name} (${folders.join(', ')}${databases.has(service.name) ? '; its store is dumped' : ''})`];
  });
  return some(
    found.length > 0,
    `folders of the host that services can write to: ${found.join(', ')}. No backup has them: what is data belongs in a named volume; the rest, mount read-only.`,
  );
}

const shown = (source: string, directory: string) => {
  const inside = relative(directory, source);
  return isAbsolute(source) && !inside.startsWith('..') ? `./${inside}` : source;
};

/** What a service reads from the project's folder, and no Compose or env file of a checkpoint holds. */
function beside({ services }: StackSketch, directory: string): string[] {
  const files = new Map<string, string[]>();
  for (const { name, envFiles, mounts } of services) {
    const read = mounts
      .filter(({ type, readOnly, target }) => type === 'bind' && (readOnly || isConfiguration(target)))
      .map(({ source }) => shown(source, directory))
      .filter((source) => source.startsWith('./'));
    for (const file of [...envFiles.map((path) => shown(path, directory)), ...read])
      files.set(file, [...(files.get(file) ?? []), name]);
  }
  const named = [...files].map(([file, of]) => `${file} (${names([...new Set(of)])})`);
  return some(
    named.length > 0,
    `files beside the checkpoint: ${names(named)}. Going back does not put them back: change them by a \`files\` step, or give a new version files of its own.`,
  );
}

function outside({ services }: StackSketch, directory: string): string[] {
  const paths = services.flatMap(({ name, mounts }) =>
    mounts
      .filter(
        ({ type, source }) =>
          type === 'bind' && (isAbsolute(source) || source.startsWith('..') || source.startsWith('~')),
      )
      .filter(({ source }) => shown(source, directory) === source && !ofTheHost.test(source))
      .map(({ source }) => `${source} (${name})`),
  );
  return some(
    paths.length > 0,
    `paths outside the project: ${[...new Set(paths)].join(', ')}. Neither git nor a checkpoint has what is in them.`,
  );
}

function shared({ volumes }: StackSketch): string[] {
  return volumes
    .filter(({ usedBy }) => usedBy.length > 1)
    .map(
      ({ name, usedBy }) =>
        `one volume, ${usedBy.length} services: ${name} is used by ${names(usedBy)}. Those who write to it stop for its backup, and bringing it back brings it back for all.`,
    );
}

function inMemory({ volumes }: StackSketch): string[] {
  const found = volumes.filter((volume) => volume.inMemory).map(({ name }) => name);
  return some(found.length > 0, `volumes in memory: ${found.join(', ')}. What they hold ends with their containers.`);
}

/** A tag without a figure in it names no version: `latest`, `alpine`, `stable`. */
function floating({ services }: StackSketch): string[] {
  const found = services.filter(({ image, build }) => {
    if (image === undefined || build || image.includes('@')) return false;
    return !/\d/.test(image.slice(repositoryOf(image).length));
  });
  const images = new Map<string, string[]>();
  for (const { name, image = '' } of found) images.set(image, [...(images.get(image) ?? []), name]);
  const named = [...images].map(([image, of]) => `${image} (${names(of)})`).join(', ');
  return some(
    found.length > 0,
    `images without a version: ${named}. On the way back the image that ran before is used by its id, as long as it is on this host: no \`docker image prune\` before the migration is over, or write a version.`,
  );
}

function built({ services }: StackSketch): string[] {
  const own = services.filter(({ build }) => build);
  const unnamed = own.filter(({ image }) => image === undefined);
  return [
    ...some(own.length > 0, `built here: ${list(own)}. Build their images before a run: Switchback builds nothing.`),
    ...some(
      unnamed.length > 0,
      `built without a name: ${list(unnamed)}. Give each an \`image:\` with a version, so that the old and the new one stand side by side.`,
    ),
  ];
}

function scripted({ services }: StackSketch): string[] {
  // Where the server was asked, each of its databases is a store.
  const unasked = services.filter(({ databases }) => databases === undefined);
  const found = postgresStores(unasked).filter(({ scripts }) => scripts);
  return found.map(
    ({ service, database }) =>
      `scripts made the databases in ${service}: if there are others than ${database}, give each a store of its own.`,
  );
}

function unchecked({ services }: StackSketch): string[] {
  const found = services.filter(({ healthcheck, imageHealth }) => healthcheck.length === 0 && imageHealth !== true);
  return some(
    found.length > 0,
    `no health check: ${list(found)}. That they run is all that can be verified${found.some(({ imageHealth }) => imageHealth === undefined) ? ', unless their image has one' : ''}.`,
  );
}
