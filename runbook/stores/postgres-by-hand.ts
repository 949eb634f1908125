import type { PointFiles } from '../break-glass/point-files.ts';
import { printed, repositoryPassword, restored } from '../break-glass/point-commands.ts';
import { quote } from '../break-glass/quote.ts';
import type { RestoreByHand } from './define-store-kind.ts';

/** Restores a dump, or the files of the whole server, whichever the point holds. */
export function postgresByHand(store: string, point: PointFiles): RestoreByHand {
  const files = point.snapshot?.files ?? point.parts.map(({ file }) => file);
  const [base, log] = ['server/base.tar', 'server/pg_wal.tar'].map((name) =>
    files.find((file) => file.startsWith(name)),
  );
  if (base === undefined || log === undefined) return ofDump(store, point);
  return ofServer(store, point, { base, log });
}

function ofDump(store: string, { folder, snapshot, encryptedTo }: PointFiles): RestoreByHand {
  const fetched = `./${store}_fetched`;
  const dump = snapshot === undefined ? `${folder}/dump` : `${fetched}/dump`;
  const into = '--dbname="${DATABASE}_restored"';
  // An encrypted dump is one stream, which is read once, from its beginning: by one worker.
  const restore =
    encryptedTo === undefined
      ? `pg_restore --exit-on-error --jobs=2 ${into} ${quote(dump)}`
      : `${printed(`${folder}/dump.zst.age`)} | zstd --decompress --stdout | pg_restore --exit-on-error --format=custom ${into}`;
  const psql = 'psql "$URL" -X -v ON_ERROR_STOP=1 -c';
  const commands = [
    ...(snapshot === undefined ? [] : [repositoryPassword, restored(snapshot, '/dump', quote(fetched))]),
    `: 'store ${store.replaceAll("'", '')}: set URL to a database beside it, such as postgres, and DATABASE to its name'`,
    `${psql} "create database \\"\${DATABASE}_restored\\" template template0"`,
    restore,
    ": 'look into it, stop everything that writes, then exchange the two in one transaction:'",
    `${psql} "begin; alter database \\"$DATABASE\\" rename to \\"\${DATABASE}_replaced\\"; alter database \\"\${DATABASE}_restored\\" rename to \\"$DATABASE\\"; commit"`,
  ];
  return { why: 'rows that were written since are lost, and only a person can say that they may be', commands };
}

/** A whole server from its files: into a new volume, which the Compose file then names. */
function ofServer(
  store: string,
  { folder, snapshot }: PointFiles,
  { base, log }: { base: string; log: string },
): RestoreByHand {
  const from = snapshot === undefined ? folder : `./${store}_fetched`;
  const data = `"$(docker volume inspect --format '{{.Mountpoint}}' "$VOLUME")/$DATA"`;
  const unpack = { zst: 'zstd --decompress --stdout', gz: 'gzip --decompress --stdout' }[base.split('.').at(-1) ?? ''];
  const extract = `tar --extract --numeric-owner --same-owner --preserve-permissions --directory=${data}`;
  return {
    why: 'the whole server goes back, with every database on it, and only a person can say that it may',
    commands: [
      ": 'set VOLUME to the name of a new volume, and DATA to the path of the data directory in it, empty where it is its top'",
      'docker volume create "$VOLUME"',
      `mkdir -p ${data}`,
      ...(snapshot === undefined ? [] : [repositoryPassword, restored(snapshot, '/dump', quote(from))]),
      `${unpack ?? 'cat'} ${quote(`${from}/${base}`)} | ${extract}`,
      `${log.endsWith('.gz') ? 'gzip --decompress --stdout' : 'cat'} ${quote(`${from}/${log}`)} | ${extract}/pg_wal`,
      `chown --recursive --reference=${data}/PG_VERSION ${data}`,
      `chmod 0700 ${data}`,
      ": 'stop the server, then let its volume in the Compose file have external: true and the name of the new one; the old one is kept'",
    ],
  };
}
