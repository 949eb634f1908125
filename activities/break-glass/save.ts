import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { renderBreakGlass, renderNoWayBack } from '../../runbook/break-glass/index.ts';
import { errorTable, SwitchbackError } from '../../runbook/errors.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { gather, type HomeOfTarget } from './gather.ts';

/** The scripts that stand beside the journal, by the name of their link. */
const standing = { latest: 'baseline', 'latest-previous': 'previous' } as const;

/** The text of a script; where there is no way back, one that says so. */
export async function breakGlassScript(from: HomeOfTarget, request: RollbackRequest): Promise<string> {
  try {
    for (;;) {
      const { seq } = from.state;
      const input = await gather(from, request);
      // The state is that of a living journal: a script must be of one line of it, never of two.
      if (from.state.seq === seq) return renderBreakGlass(input);
    }
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    const { exitCode } = errorTable[error.name];
    return renderNoWayBack(from.target, from.state.seq, exitCode, error.message, error.hint ?? '');
  }
}

/**
 * Writes the scripts of the newest run afresh, in `break-glass/` beside the journal: `RUN.to-baseline.sh` with the link `latest`, and
 * `RUN.to-previous.sh` with the link `latest-previous`. Each in one rename.
 */
export async function saveBreakGlass(from: HomeOfTarget): Promise<void> {
  const folder = join(from.home.root, 'break-glass');
  for (const [link, to] of Object.entries(standing)) {
    const file = join(folder, `${from.sealed.runId}.to-${to}.sh`);
    await saveScript(file, await breakGlassScript(from, { to, restoreData: false, discardData: false }));
    await pointTo(join(folder, link), basename(file));
  }
}

/** Writes a script for its owner alone, in one rename. */
export async function saveScript(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const partial = partialOf(file);
  const handle = await open(partial, 'wx', 0o700);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    // Each attempt has a name of its own: what a full disk cut short would fill it further.
    await unlink(partial);
    throw error;
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}

async function pointTo(link: string, to: string): Promise<void> {
  const partial = partialOf(link);
  await symlink(to, partial);
  await rename(partial, link);
}

const partialOf = (file: string) => `${file}.${randomBytes(6).toString('hex')}.partial`;
