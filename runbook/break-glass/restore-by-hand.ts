import { SwitchbackError } from '../errors.ts';
import type { Operation } from '../operations.ts';
import type { BreakGlassInput, PointFiles } from './input.ts';
import { quote } from './quote.ts';
import { byHand, type Step } from './step.ts';

type Restore = Extract<Operation, { kind: 'restoreStore' | 'restoreVolume' }>;

/**
 * Data is put back by a person: what is lost has to be seen first, and an exchange that a killed shell leaves half done would be a
 * database or a volume with neither content. The script compares the backup with its checksums, and gives the commands.
 */
export function restoreByHand(operation: Restore, input: BreakGlassInput): Step {
  const point = input.points.get(operation.input.point);
  if (!point)
    throw new SwitchbackError('IntegrityFailed', `recovery point ${operation.input.point} is not in the home`);
  const parts = point.parts.map(({ file, sha256 }) => `${sha256} ${point.folder}/${file}`);
  if (operation.kind === 'restoreStore') {
    return byHand(operation.id, operation.summary, {
      why: 'rows that were written since are lost, and only a person can say that they may be',
      commands: ofStore(operation.input.store, point),
      parts,
    });
  }
  return byHand(operation.id, operation.summary, {
    why: 'what was written since is lost, and a volume can only be exchanged with all of its users stopped',
    commands: ofVolume(operation.input.into ?? operation.input.volume, point, input.plan.stack.compose),
    parts,
  });
}

const password =
  ": 'set RESTIC_PASSWORD_FILE, and for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as the plan says'";

function ofStore(store: string, { folder, snapshot }: PointFiles): string[] {
  const fetched = `./${store}_fetched`;
  const dump = snapshot === undefined ? `${folder}/dump` : `${fetched}/dump`;
  const psql = 'psql "$URL" -X -v ON_ERROR_STOP=1 -c';
  return [
    ...(snapshot === undefined ? [] : [password, restored(snapshot, '/dump', quote(fetched))]),
    `: 'store ${store.replaceAll("'", '')}: set URL to a database beside it, such as postgres, and DATABASE to its name'`,
    `${psql} "create database \\"\${DATABASE}_restored\\" template template0"`,
    `pg_restore --exit-on-error --jobs=2 --dbname="\${DATABASE}_restored" ${quote(dump)}`,
    ": 'look into it, stop everything that writes, then exchange the two in one transaction:'",
    `${psql} "begin; alter database \\"$DATABASE\\" rename to \\"\${DATABASE}_replaced\\"; alter database \\"\${DATABASE}_restored\\" rename to \\"$DATABASE\\"; commit"`,
  ];
}

/** With restic 0.16 or newer; what it cannot read whole, it fails on. */
const restored = ({ repository, id }: NonNullable<PointFiles['snapshot']>, below: string, target: string) =>
  `restic --repo ${quote(repository)} restore ${quote(`${id}:${below}`)} --target ${target} --sparse --verify`;

function ofVolume(volume: string, point: PointFiles, compose: string): string[] {
  const fresh = quote(`${volume}_restored`);
  const mountpoint = `"$(docker volume inspect --format '{{.Mountpoint}}' ${fresh})"`;
  return [
    `docker volume create ${fresh}`,
    ...(point.snapshot === undefined ? [] : [password, restored(point.snapshot, '/volume', mountpoint)]),
    ...point.parts.map(({ file }) => {
      const path = quote(`${point.folder}/${file}`);
      const read = file.endsWith('.zst') ? `zstd --decompress --stdout ${path}` : `cat ${path}`;
      return `${read} | tar --extract --numeric-owner --same-owner --preserve-permissions --xattrs --acls --directory=${mountpoint}`;
    }),
    `docker ps --filter volume=${quote(volume)}`,
    `: 'stop each of them; then let the volume in ${compose.replaceAll("'", '')} have external: true and the name of the new one; the old one is kept'`,
  ];
}
