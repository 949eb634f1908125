import type { PointFiles } from '../break-glass/point-files.ts';
import { printed, repositoryPassword, restored } from '../break-glass/point-commands.ts';
import { quote } from '../break-glass/quote.ts';
import type { RestoreByHand } from './define-store-kind.ts';

/** Builds the file beside the live one, checks it, and exchanges the two by a rename. */
export function sqliteByHand(store: string, point: PointFiles): RestoreByHand {
  const { folder, snapshot } = point;
  const fetched = `./${store}_fetched`;
  const file = point.encryptedTo === undefined ? 'database.zst' : 'database.zst.age';
  const from = snapshot === undefined ? folder : fetched;
  return {
    why: 'rows that were written since are lost, and only a person can say that they may be',
    commands: [
      ...(snapshot === undefined ? [] : [repositoryPassword, restored(snapshot, '/dump', quote(fetched))]),
      `: 'store ${store}: set FILE to the path of its database, then stop every service that opens it'`,
      `${printed(`${from}/${file}`)} | zstd --decompress --stdout >"\${FILE}.restored"`,
      'sqlite3 "$FILE.restored" "pragma integrity_check"',
      'chown --reference="$FILE" "$FILE.restored"; chmod --reference="$FILE" "$FILE.restored"',
      ": 'fold what is in the log of the live file into it; nothing else may have it open:'",
      'sqlite3 "$FILE" "pragma wal_checkpoint(truncate)"',
      'ln "$FILE" "$FILE.replaced" && rm -f "$FILE-wal" "$FILE-shm" && mv "$FILE.restored" "$FILE"',
    ],
  };
}
