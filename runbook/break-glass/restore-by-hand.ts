import { SwitchbackError } from '../errors.ts';
import type { ByHandInput, PointFiles } from './by-hand-input.ts';
import { quote } from './quote.ts';
import { byHand, type Step } from './step.ts';

interface Restore {
  id: string;
  summary: string;
  /** `RUN/POINT`. */
  point: string;
}

/**
 * Data is put back by a person: what is lost has to be seen first, and an exchange that a killed shell leaves half done would be a
 * database or a volume with neither content. The script compares the backup with its checksums, and gives the commands.
 */
export function storeByHand(
  restore: Restore & { store: string; putBack?: { volume: string; from: string } },
  input: ByHandInput,
): Step {
  const { id, summary, store, putBack } = restore;
  const { point, parts } = pointOf(restore, input);
  if (putBack !== undefined) return putServerBack(restore, putBack);
  const files = point.snapshot?.files ?? point.parts.map(({ file }) => file);
  const [base, log] = ['server/base.tar', 'server/pg_wal.tar'].map((name) =>
    files.find((file) => file.startsWith(name)),
  );
  if (base !== undefined && log !== undefined) return ofServer(restore, point, { base, log }, parts);
  return byHand(id, summary, {
    why: 'rows that were written since are lost, and only a person can say that they may be',
    commands: [...keyNeeded(point), ...ofStore(store, point)],
    parts,
  });
}

/** The same for a volume. */
export function volumeByHand(restore: Restore & { volume: string }, input: ByHandInput): Step {
  const { point, parts } = pointOf(restore, input);
  return byHand(restore.id, restore.summary, {
    why: 'what was written since is lost, and a volume can only be exchanged with all of its users stopped',
    commands: [...keyNeeded(point), ...ofVolume(restore.volume, point, input.plan.stack.compose)],
    parts,
  });
}

function pointOf({ point: id }: Restore, { points }: ByHandInput): { point: PointFiles; parts: string[] } {
  const point = points.get(id);
  if (!point) throw new SwitchbackError('IntegrityFailed', `recovery point ${id} is not in the home`);
  return { point, parts: point.parts.map(({ file, sha256 }) => `${sha256} ${point.folder}/${file}`) };
}

const password =
  ": 'set RESTIC_PASSWORD_FILE, and for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as the plan says'";

/** Where the private key is, the script does not know: a reference may stand for something else in this shell. */
function keyNeeded({ encryptedTo }: PointFiles): string[] {
  if (encryptedTo === undefined) return [];
  return [
    `: 'encrypted to ${encryptedTo.join(', ')}: set KEY to the file of the private key of one of these; age is needed'`,
  ];
}

/** Prints a part, decrypted. */
const printed = (path: string) =>
  path.endsWith('.age') ? `age --decrypt --identity "$KEY" ${quote(path)}` : `cat ${quote(path)}`;

function ofStore(store: string, { folder, snapshot, encryptedTo }: PointFiles): string[] {
  const fetched = `./${store}_fetched`;
  const dump = snapshot === undefined ? `${folder}/dump` : `${fetched}/dump`;
  const into = '--dbname="${DATABASE}_restored"';
  // An encrypted dump is one stream, which is read once, from its beginning: by one worker.
  const restore =
    encryptedTo === undefined
      ? `pg_restore --exit-on-error --jobs=2 ${into} ${quote(dump)}`
      : `${printed(`${folder}/dump.zst.age`)} | zstd --decompress --stdout | pg_restore --exit-on-error --format=custom ${into}`;
  const psql = 'psql "$URL" -X -v ON_ERROR_STOP=1 -c';
  return [
    ...(snapshot === undefined ? [] : [password, restored(snapshot, '/dump', quote(fetched))]),
    `: 'store ${store.replaceAll("'", '')}: set URL to a database beside it, such as postgres, and DATABASE to its name'`,
    `${psql} "create database \\"\${DATABASE}_restored\\" template template0"`,
    restore,
    ": 'look into it, stop everything that writes, then exchange the two in one transaction:'",
    `${psql} "begin; alter database \\"$DATABASE\\" rename to \\"\${DATABASE}_replaced\\"; alter database \\"\${DATABASE}_restored\\" rename to \\"$DATABASE\\"; commit"`,
  ];
}

/** With restic 0.16 or newer; what it cannot read whole, it fails on. */
const restored = ({ repository, id }: NonNullable<PointFiles['snapshot']>, below: string, target: string) =>
  `restic --repo ${quote(repository)} restore ${quote(`${id}:${below}`)} --target ${target} --sparse --verify`;

/** What a restore of the whole server replaced is a volume, which takes its place again in the Compose file. */
function putServerBack({ id, summary }: Restore, { volume, from }: { volume: string; from: string }): Step {
  return byHand(id, summary, {
    why: 'the server has to be stopped, and an exchange of two volumes that is cut off half-way would leave neither',
    commands: [
      `docker ps --filter ${quote(`volume=${volume}`)}`,
      `docker volume inspect ${quote(from)}`,
      ": 'stop the server, then let its volume in the Compose file have external: true and the name of the second one'",
    ],
  });
}

/** A whole server from its files: into a new volume, which the Compose file then names. */
function ofServer(
  { id, summary, store }: Restore & { store: string },
  { folder, snapshot }: PointFiles,
  { base, log }: { base: string; log: string },
  parts: string[],
): Step {
  const from = snapshot === undefined ? folder : `./${store}_fetched`;
  const data = `"$(docker volume inspect --format '{{.Mountpoint}}' "$VOLUME")/$DATA"`;
  const unpack = { zst: 'zstd --decompress --stdout', gz: 'gzip --decompress --stdout' }[base.split('.').at(-1) ?? ''];
  const extract = `tar --extract --numeric-owner --same-owner --preserve-permissions --directory=${data}`;
  return byHand(id, summary, {
    why: 'the whole server goes back, with every database on it, and only a person can say that it may',
    commands: [
      ": 'set VOLUME to the name of a new volume, and DATA to the path of the data directory in it, empty where it is its top'",
      'docker volume create "$VOLUME"',
      `mkdir -p ${data}`,
      ...(snapshot === undefined ? [] : [password, restored(snapshot, '/dump', quote(from))]),
      `${unpack ?? 'cat'} ${quote(`${from}/${base}`)} | ${extract}`,
      `${log.endsWith('.gz') ? 'gzip --decompress --stdout' : 'cat'} ${quote(`${from}/${log}`)} | ${extract}/pg_wal`,
      `chown --recursive --reference=${data}/PG_VERSION ${data}`,
      `chmod 0700 ${data}`,
      ": 'stop the server, then let its volume in the Compose file have external: true and the name of the new one; the old one is kept'",
    ],
    parts,
  });
}

function ofVolume(volume: string, point: PointFiles, compose: string): string[] {
  const fresh = quote(`${volume}_restored`);
  const mountpoint = `"$(docker volume inspect --format '{{.Mountpoint}}' ${fresh})"`;
  return [
    `docker volume create ${fresh}`,
    ...(point.snapshot === undefined ? [] : [password, restored(point.snapshot, '/volume', mountpoint)]),
    ...point.parts.map(({ file }) => {
      const path = `${point.folder}/${file}`;
      const packed = /\.zst(\.age)?$/.test(file);
      const read = packed ? `${printed(path)} | zstd --decompress --stdout` : printed(path);
      return `${read} | tar --extract --numeric-owner --same-owner --preserve-permissions --xattrs --acls --directory=${mountpoint}`;
    }),
    `docker ps --filter volume=${quote(volume)}`,
    `: 'stop each of them; then let the volume in ${compose.replaceAll("'", '')} have external: true and the name of the new one; the old one is kept'`,
  ];
}
