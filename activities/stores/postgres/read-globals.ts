import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder, type StoredPoint } from '../../points/index.ts';

/** The text of a point's roles and tablespaces. */
export const readGlobals = (point: StoredPoint): Promise<string> =>
  readFile(join(dataFolder(point), 'globals.sql'), 'utf8');
