/** One line of `docker diff`. */
export interface LayerChange {
  path: string;
  kind: 'added' | 'modified' | 'deleted';
}

/** Written at each start, or by the engine itself: no data. */
const passing = /^\/(tmp|run|var\/run|var\/cache|dev|proc|sys)(\/|$)|^\/((usr\/)?sbin\/docker-init|\.dockerenv)$/;

const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`);

/**
 * What a container holds in its own layer and loses with it: files that it has added or changed outside of its mounts and of the places
 * that every start writes. @param mounts places at which something is mounted, memory included
 */
export function dataInLayer(changes: readonly LayerChange[], mounts: readonly string[]): string[] {
  const paths = changes
    .filter(({ kind, path }) => kind !== 'deleted' && !passing.test(path))
    .map(({ path }) => path)
    .filter((path) => !mounts.some((mount) => isWithin(path, mount) || isWithin(mount, path)));
  // A folder is listed as well where something in it has changed, also something that is no data.
  const folders = new Set(changes.flatMap(({ path }) => parentsOf(path)));
  return paths.filter((path) => !folders.has(path)).sort();
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
