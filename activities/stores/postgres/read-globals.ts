import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder, type StoredPoint } from '../../points/index.ts';
import type { StoreUse } from '../store.ts';
import type { ToolBox } from './choose-tools.ts';
import { readEncryptedGlobals } from './encrypted-dump.ts';

/** The text of a point's roles and tablespaces. */
export const readGlobals = (point: StoredPoint, use: StoreUse, box: ToolBox): Promise<string> =>
  point.manifest.encrypted
    ? readEncryptedGlobals(point, use, box)
    : readFile(join(dataFolder(point), 'globals.sql'), 'utf8');
