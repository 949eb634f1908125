import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

import type { Performed } from '../../../activities/effect.ts';
import type { Order } from './attempt-in-child.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** One attempt of an operation in a process of its own. Returns nothing when that was killed. */
export async function attemptInChild(order: Order): Promise<{ performed: Performed; moments: number } | undefined> {
  const argv = ['--import', here('../volumes/ts-loader.mjs'), here('attempt-in-child.ts'), JSON.stringify(order)];
  const ended = await execa('node', argv, { reject: false, env: { NODE_OPTIONS: '' } });
  if (ended.signal === 'SIGKILL') return undefined;
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as { performed: Performed; moments: number };
}
