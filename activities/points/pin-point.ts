import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fsyncPath, writeDurably } from './write-durably.ts';
import { isMissing } from './is-missing.ts';
import type { StoredPoint } from './read-point.ts';

/** Who wants a point to stay, and why. Beside the manifest, which is sealed. */
export interface Pin {
  at: string;
  by: string;
  reason?: string;
}

const pinName = 'pin.json';

/** A pin that cannot be read holds all the same: it was written by whoever wanted the point to stay. */
export async function readPin({ folder }: Pick<StoredPoint, 'folder'>): Promise<Pin | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, pinName), 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Pin;
  } catch {
    return { at: '', by: 'unknown', reason: `${pinName} is damaged` };
  }
}

export async function pinPoint({ folder }: StoredPoint, pin: Pin): Promise<void> {
  await writeDurably(join(folder, pinName), `${JSON.stringify(pin, null, 2)}\n`);
}

export async function unpinPoint({ folder }: StoredPoint): Promise<void> {
  await rm(join(folder, pinName), { force: true });
  await fsyncPath(folder);
}
