import { SwitchbackError } from '../../runbook/errors.ts';
import type { PreflightCheck } from '../../runbook/operations.ts';
import { lookAtGitClean, lookAtPreviousTag, lookAtTagFree } from './look-at-git.ts';
import { lookAtDatabases } from './look-at-databases.ts';
import { lookAtRoom, lookAtStore, lookAtVolume } from './look-at-data.ts';
import { lookAtChange, lookAtDocker, lookAtImages } from './look-at-engine.ts';
import { lookAtCheckpointFiles, lookAtDrift } from './look-at-files.ts';
import { lookAtSteady } from './look-at-steady.ts';
import type { Finding, Look, Surroundings } from './look.ts';

/** The one list of conditions. */
const looks: { [K in PreflightCheck['check']]: Look<K> } = {
  docker: lookAtDocker,
  'checkpoint-files': lookAtCheckpointFiles,
  drift: lookAtDrift,
  images: lookAtImages,
  'previous-tag': lookAtPreviousTag,
  'tag-free': lookAtTagFree,
  'git-clean': lookAtGitClean,
  store: lookAtStore,
  volume: lookAtVolume,
  room: lookAtRoom,
  databases: lookAtDatabases,
  'checkpoint-change': lookAtChange,
  steady: lookAtSteady,
};

/** What a condition turned out to be. */
export type Looked = Finding & { check: PreflightCheck['check'] };

/**
 * Looks at every condition, also after one that does not hold, so that all of it can be repaired at once. One after the other: they
 * share helper containers, and whoever waits for the answer has time.
 */
export async function lookAtAll(
  checks: readonly PreflightCheck[],
  surroundings: Surroundings,
  onLook: (done: number) => void,
): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (const check of checks) {
    onLook(looked.length);
    looked.push({ check: check.check, ...(await lookAt(check, surroundings)) });
  }
  return looked;
}

async function lookAt(check: PreflightCheck, surroundings: Surroundings): Promise<Finding> {
  const look = looks[check.check] as Look<PreflightCheck['check']>;
  try {
    return await look(check, surroundings);
  } catch (error) {
    surroundings.context.signal.throwIfAborted();
    // A programming error must look like one.
    if (!(error instanceof SwitchbackError)) throw error;
    return { holds: false, detail: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

/** @throws `PreconditionFailed` that names every condition that does not hold, each with its hint on a line of its own. */
export function refuseUnlessAllHold(looked: readonly Looked[]): void {
  const failed = looked.filter((finding) => !finding.holds);
  if (failed.length === 0) return;
  const lines = failed.map(({ check, detail }) => `- ${check}: ${detail}`);
  throw new SwitchbackError(
    'PreconditionFailed',
    `${failed.length} of ${looked.length} conditions do not hold:\n${lines.join('\n')}`,
    {
      hint: failed.map(({ check, hint }) => `${check}: ${hint ?? 'Look at it, then retry.'}`).join('\n'),
      facts: { failed: failed.map(({ check }) => check).join(','), looked: looked.length },
    },
  );
}
