import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

import type { AttemptedKind } from './attempt-in-child.ts';
import type { KillPoint } from './killed-engine.ts';
import type { OperationSetting } from './operation-fixture.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export interface Told {
  performed?: { facts: Record<string, unknown>; summary: string };
  error?: { name: string; message: string };
  effects: string[];
}

/** One attempt of an operation in a process of its own. Returns nothing when that was killed. */
export async function attemptInChild(
  kind: AttemptedKind,
  input: object,
  setting: OperationSetting,
  kill?: KillPoint,
): Promise<Told | undefined> {
  const order = JSON.stringify({ kind, input, setting, kill });
  const argv = ['--import', here('ts-loader.mjs'), here('attempt-in-child.ts'), order];
  const ended = await execa('node', argv, { reject: false, env: { NODE_OPTIONS: '' } });
  if (ended.signal === 'SIGKILL') return undefined;
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout) as Told;
}
