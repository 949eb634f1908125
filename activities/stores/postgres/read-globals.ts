import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredPoint } from '../../points/index.ts';

/** The text of a point's roles and tablespaces. */
export const readGlobals = (point: StoredPoint): Promise<string> => readFile(join(point.folder, 'globals.sql'), 'utf8');
