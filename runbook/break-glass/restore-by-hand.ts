import { SwitchbackError } from '../errors.ts';
import type { ByHandInput, PointFiles } from './by-hand-input.ts';
import { keyNeeded, printed, repositoryPassword, restored } from './point-commands.ts';
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
  const ref = input.plan.stores[store];
  if (ref === undefined) throw new SwitchbackError('IntegrityFailed', `the sealed plan has no store ${store}`);
  const { why, commands } = input.storeKindOf(ref).restoreByHand(store, point);
  return byHand(id, summary, { why, commands: [...keyNeeded(point), ...commands], parts });
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

function ofVolume(volume: string, point: PointFiles, compose: string): string[] {
  const fresh = quote(`${volume}_restored`);
  const mountpoint = `"$(docker volume inspect --format '{{.Mountpoint}}' ${fresh})"`;
  return [
    `docker volume create ${fresh}`,
    ...(point.snapshot === undefined ? [] : [repositoryPassword, restored(point.snapshot, '/volume', mountpoint)]),
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
