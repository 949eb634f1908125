/** A PostgreSQL cluster that was found in a volume or folder. */
export interface FoundCluster {
  /** Where in it, without a slash at either end; empty for its top. */
  folder: string;
  /** As its PG_VERSION says, e.g. `16`. */
  version: string;
}

/** What a service would start on data that is there. */
export interface ServedData {
  service: string;
  /** Version of the PostgreSQL server in its image, as PG_VERSION would write it. */
  version: string;
  /** Where the server looks for its data; undefined where the image does not say. */
  dataFolder: string | undefined;
  /** Everything that is mounted; `data` is undefined for what is new with the container, such as an anonymous volume. */
  mounts: readonly { target: string; name: string; data?: readonly FoundCluster[] | undefined; wasMounted?: boolean }[];
}

export interface DataFault {
  message: string;
  hint: string;
}

/**
 * Why a PostgreSQL server must not be started on what it would find: files of another major version, which it refuses, or nothing at the
 * place where it looks, while its data lies beside: it would begin an empty database there, and be healthy.
 */
export function judgeServedData({ service, version, dataFolder, mounts }: ServedData): DataFault | undefined {
  const clusters = mounts.flatMap((mount) => (mount.data ?? []).map((cluster) => ({ mount, cluster })));
  if (clusters.length === 0) return undefined;
  if (dataFolder === undefined) {
    const [first] = clusters;
    const suits = clusters.some(({ cluster }) => cluster.version === version);
    return suits ? undefined : otherVersion(service, version, first!.mount.name, first!.cluster);
  }
  const over = deepest(mounts, dataFolder);
  const within = over === undefined ? '' : trimmed(dataFolder.slice(over.target.length));
  const found = over?.data?.find(({ folder }) => folder === within);
  if (over !== undefined && found !== undefined)
    return found.version === version ? undefined : otherVersion(service, version, over.name, found);
  // A volume that another service of this name did not have may hold anybody's data.
  const left = clusters.find(({ mount }) => mount.wasMounted === true);
  if (left === undefined) return undefined;
  const at = [left.mount.target, left.cluster.folder].filter(Boolean).join('/');
  const instead = over?.data === undefined && over !== undefined ? `, in ${over.name}` : '';
  return {
    message: `service ${service} would begin an empty database at ${dataFolder}${instead}, beside its data: that is at ${at}, in ${left.mount.name} (PostgreSQL ${left.cluster.version})`,
    hint: `Mount ${left.mount.name} where the server finds its data, or set PGDATA to ${at}; data of another version has to be moved by dump and restore, or by pg_upgrade.`,
  };
}

const otherVersion = (service: string, version: string, volume: string, found: FoundCluster): DataFault => ({
  message: `service ${service} runs PostgreSQL ${version}, and the data in ${volume} is of PostgreSQL ${found.version}${found.folder === '' ? '' : ` (in ${found.folder})`}`,
  hint: `A server starts on files of its own major version only. Use an image of PostgreSQL ${found.version}, or bring the data into a volume of its own by dump and restore, or by pg_upgrade.`,
});

const trimmed = (path: string) => path.replace(/^\/+|\/+$/g, '');

function deepest<M extends { target: string }>(mounts: readonly M[], path: string): M | undefined {
  return mounts
    .filter(({ target }) => `${path}/`.startsWith(`${target.replace(/\/+$/, '')}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
}

/** The major version in what a server says of itself, as PG_VERSION would write it: `16`, or `9.6`. */
export function majorVersion(said: string): string | undefined {
  const [, major, minor] = /(?:PostgreSQL\)?\s+|^)(\d+)(?:\.(\d+))?/m.exec(said) ?? [];
  if (major === undefined) return undefined;
  return Number(major) >= 10 ? major : minor === undefined ? undefined : `${major}.${minor}`;
}
