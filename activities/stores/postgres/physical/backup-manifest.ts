import { readFile } from 'node:fs/promises';
import { SwitchbackError } from '../../../../runbook/errors.ts';

/** What PostgreSQL's own manifest of a base backup says, as far as it is used here. */
export interface BackupManifest {
  files: number;
  bytes: number;
  timeline: number;
  startLsn: string;
  stopLsn: string;
}

interface Written {
  Files: { Size: number }[];
  'WAL-Ranges': { Timeline: number; 'Start-LSN': string; 'End-LSN': string }[];
}

/** Reads a `backup_manifest`. @throws `IntegrityFailed` when it is not whole */
export async function readBackupManifest(path: string): Promise<BackupManifest> {
  const text = await readFile(path, 'utf8');
  let written: Written;
  try {
    written = JSON.parse(text) as Written;
  } catch (error) {
    throw new SwitchbackError(
      'IntegrityFailed',
      `${path} is not whole`,
      { hint: 'Take the backup again.' },
      { cause: error },
    );
  }
  const ranges = written['WAL-Ranges'];
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined)
    throw new SwitchbackError('IntegrityFailed', `${path} names no log`, { hint: 'Take the backup again.' });
  return {
    files: written.Files.length,
    bytes: written.Files.reduce((sum, { Size }) => sum + Size, 0),
    timeline: last.Timeline,
    startLsn: first['Start-LSN'],
    stopLsn: last['End-LSN'],
  };
}
