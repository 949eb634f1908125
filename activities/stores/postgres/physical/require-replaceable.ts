import { SwitchbackError } from '../../../../runbook/errors.ts';
import { readAll, runVolumeHelper, type HelperJob } from '../../../volumes/index.ts';
import type { DataPlace } from '../../physical-backups.ts';

/** Prints, of the data directory /source/$1, what lies beside it or beside a folder above it, and whether its log is elsewhere. */
const besideScript = `set -euo pipefail
rm -f "/progress/$0"
{
at=/source left=$1
while [ -n "$left" ]; do
  next=\${left%%/*}
  find "$at" -mindepth 1 -maxdepth 1 ! -name "$next" ! -name lost+found -printf '%P\\n'
  at="$at/$next"; left=\${left#"$next"}; left=\${left#/}
done
if [ -L "$at/pg_wal" ]; then echo "pg_wal, which is a link to $(readlink "$at/pg_wal")"; fi
} >"/progress/$0"
`;

/**
 * A restore exchanges the whole volume, so it must hold the server's data and nothing else.
 * @throws `Unsupported` that names what else is there
 */
export async function requireReplaceable(job: HelperJob, { volume, path }: DataPlace): Promise<void> {
  const answer = await runVolumeHelper(job, {
    role: 'beside',
    script: besideScript,
    args: [path],
    mounts: [{ type: 'volume', source: volume, target: '/source', readOnly: true }],
    capabilities: readAll,
    fresh: true,
  });
  const beside = answer.split('\n').filter(Boolean);
  if (beside.length === 0) return;
  throw new SwitchbackError(
    'Unsupported',
    `volume ${volume} holds more than the server's data: ${beside.slice(0, 5).join(', ')}${beside.length > 5 ? ' …' : ''}`,
    {
      hint: 'A restore would take that away too. Move it elsewhere, or take logical backups.',
      facts: { volume },
    },
  );
}
