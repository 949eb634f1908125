import { SwitchbackError } from '../../../../runbook/errors.ts';
import { dataFolder, markFailed, type StoredPoint } from '../../../points/index.ts';
import { answerOf, relay, runVolumeHelper, writeAll, type HelperJob } from '../../../volumes/index.ts';
import { extractedBytes, readPhysicalCanary, serverFolder } from './canary.ts';

/**
 * Empties /target and extracts the backup in /point/server, packed as $1 says, to /target/$2: no more than $3 bytes. All of it gets the
 * owner that the data has; the folders above it are made like those in /live, where that is mounted. Prints owner and time.
 */
const extractScript = `set -euo pipefail
rm -f "/progress/$0"
${relay}
unpack() { case "$1" in *.zst) zstd --quiet --decompress --stdout "$1" ;; *.gz) gzip --decompress --stdout "$1" ;; *) cat "$1" ;; esac; }
# tar stops at the end that the archive says it has; what comes after that must be read as well.
extract() {
  unpack "$1" | relay '' /progress/bytes "$3" | {
    tar --extract --file=- --blocking-factor=2048 --numeric-owner --same-owner --preserve-permissions --directory="$2"
    cat >/dev/null
  }
}
began=$(date +%s%N)
cd /point/server
case "$1" in zstd) base=base.tar.zst log=pg_wal.tar ;; gzip) base=base.tar.gz log=pg_wal.tar.gz ;; *) base=base.tar log=pg_wal.tar ;; esac
find /target -xdev -mindepth 1 -delete
data="/target\${2:+/$2}"
mkdir -p "$data"
extract "$base" "$data" "$3"
extract "$log" "$data/pg_wal" "$3"
cp backup_manifest "$data/backup_manifest"
# The log was packed by the client, which has no user of the server's; all of a data directory belongs to one.
chown --recursive --no-dereference --reference="$data/PG_VERSION" "$data"
if [ $(( 8#$(stat -c %a "$data/PG_VERSION") & 8#040 )) -ne 0 ]; then chmod 0750 "$data"; else chmod 0700 "$data"; fi
above=$data
while [ "$above" != /target ]; do
  above=\${above%/*}
  like="/live\${above#/target}"
  if [ -d "$like" ]; then chown --reference="$like" "$above"; chmod --reference="$like" "$above"; fi
done
sync -f /target
printf '{"owner":"%s","tookMs":%d}\\n' "$(stat -c %u:%g "$data/PG_VERSION")" $(( ($(date +%s%N) - began) / 1000000 )) >"/progress/$0"
`;

export interface Extracted {
  /** `UID:GID` of the data. */
  owner: string;
  tookMs: number;
}

/**
 * Extracts a physical backup into a volume of our own. The helper has nothing but that volume to write to.
 * @param path of the data directory in the volume
 * @param live volume whose folders above the data directory are imitated
 * @throws `IntegrityFailed` when it is no archive that a backup wrote; the point is marked for good. `ResourceExhausted`
 */
export async function extractBackup(
  job: HelperJob,
  point: StoredPoint,
  volume: string,
  path: string,
  live?: string,
): Promise<Extracted> {
  const canary = readPhysicalCanary(point.manifest);
  if (canary.packing === 'zstd' && job.helper.packing !== 'zstd') {
    throw new SwitchbackError(
      'PreconditionFailed',
      `recovery point ${point.manifest.point} is packed with zstd, which is not here`,
      {
        hint: 'The helper image could not be built: look whether Debian packages can be reached, then retry.',
      },
    );
  }
  const task = {
    role: 'extract',
    script: extractScript,
    args: [canary.packing, path, String(extractedBytes(canary))],
    mounts: [
      { type: 'bind' as const, source: dataFolder(point), target: '/point', readOnly: true },
      { type: 'volume' as const, source: volume, target: '/target' },
      ...(live === undefined ? [] : [{ type: 'volume' as const, source: live, target: '/live', readOnly: true }]),
    ],
    capabilities: writeAll,
  };
  try {
    return answerOf<Extracted>(await runVolumeHelper(job, task), `the extraction of ${serverFolder}`);
  } catch (error) {
    const unreadable =
      error instanceof SwitchbackError && error.name === 'StepFailed' && error.facts['timedOut'] !== true;
    if (!unreadable || !/\b(tar|zstd|gzip):|come out of the archive/.test(error.message)) throw error;
    // Its bytes were compared before: this is what they say.
    await markFailed(point, error.message);
    throw new SwitchbackError(
      'IntegrityFailed',
      `the archive of recovery point ${point.manifest.point} is none that a backup wrote: ${error.message}`,
      { hint: 'Use another recovery point, and find out who can write to this one.' },
      { cause: error },
    );
  }
}
