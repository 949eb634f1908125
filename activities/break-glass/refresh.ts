import type { OpenTarget } from '../perform/target-access.ts';
import { openHome } from './open-home.ts';
import { saveBreakGlass } from './save.ts';

const turns = new Map<string, { saved: number; turn: Promise<void> }>();

/**
 * Writes the scripts beside the journal afresh, if the journal has gone on since. Called whenever what a rollback would do may have
 * changed: before each effect and after it. A script that cannot be written never stops a run: an old one refuses to work by itself.
 */
export async function refreshBreakGlass(target: string, opened: OpenTarget): Promise<void> {
  const { root } = opened.home;
  const last = turns.get(root) ?? { saved: 0, turn: Promise.resolve() };
  turns.set(root, last);
  last.turn = last.turn.then(async () => {
    const { state } = opened.journal;
    const { seq } = state;
    if (seq === last.saved || state.runs.length === 0) return;
    try {
      await saveBreakGlass(await openHome(target, opened, state));
      last.saved = seq;
    } catch (error) {
      process.stderr.write(`the break-glass script of ${target} cannot be written: ${String(error)}\n`);
    }
  });
  await last.turn;
}
