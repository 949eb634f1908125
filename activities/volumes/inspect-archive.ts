import { SwitchbackError } from '../../runbook/errors.ts';
import type { HelperMount } from '../docker/index.ts';
import type { ArchiveToExtract } from './archive-to-extract.ts';
import { inspectScript } from './inspect-script.ts';
import { readAll, runVolumeHelper, type HelperJob } from './run-volume-helper.ts';

/**
 * Why an archive that did not come out as it went in is none that a backup wrote, if that is so. Nothing of it is extracted. Where nothing
 * is wrong with it, the fault is elsewhere.
 */
export async function forgeryIn(
  job: HelperJob,
  archive: ArchiveToExtract,
  mounts: HelperMount[],
): Promise<SwitchbackError | undefined> {
  const told = await runVolumeHelper(job, {
    role: 'inspect',
    script: inspectScript,
    args: [archive.file, archive.packing, String(archive.plainBytes), archive.hashedWith],
    mounts,
    capabilities: readAll,
    fresh: true,
  });
  const [hash = '', ...lines] = told.trim().split('\n');
  const genuine = hash === archive.plainHash;
  // A volume may hold devices; those of an archive that is not what was backed up are worth a word.
  const reasons = lines
    .filter((line) => !line.startsWith('device ') || !genuine)
    .map((line) => line.replace(/^device /, ''));
  if (genuine && reasons.length === 0) return undefined;
  const why = reasons.length === 0 ? 'its content is another one' : reasons.join('; ');
  return new SwitchbackError('IntegrityFailed', `the archive is not what was backed up: ${why}`, {
    hint: 'Somebody put it there. Nothing of it was taken over; use another recovery point, and find out who can write to this one.',
    facts: { expected: archive.plainHash, found: hash },
  });
}
