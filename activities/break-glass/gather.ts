import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContentStore } from '../../journal/content-store.ts';
import type { TargetHome } from '../../journal/target-home.ts';
import {
  breakGlassRun,
  shellPartNames,
  type BreakGlassInput,
  type PointFiles,
  type ShellParts,
} from '../../runbook/break-glass/index.ts';
import { planRollback } from '../../runbook/rollback.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import type { Sealed } from '../../runbook/same-work.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { keptExchange, type FileLists } from '../effects/file-manifest.ts';
import type { SealedRun } from '../perform/target-access.ts';
import { findPoint } from '../points/index.ts';
import { storeKindOf } from '../../runbook/stores/index.ts';

/** A target as its home has it; no Temporal, no network. */
export interface HomeOfTarget {
  target: string;
  home: TargetHome;
  content: ContentStore;
  state: TargetState;
  /** The newest sealed run. */
  sealed: SealedRun;
  /** Those of earlier runs that a way back may need. */
  sealedOf: (run: string) => Sealed | undefined;
}

/**
 * Reads from the home what a script needs beside the journal.
 * @throws SwitchbackError `PreconditionFailed` (nothing to take back), `PointOfNoReturn`, `IntegrityFailed`
 */
export async function gather(from: HomeOfTarget, request: RollbackRequest): Promise<BreakGlassInput> {
  const { target, home, content, state, sealed, sealedOf } = from;
  const { plan } = sealed;
  const planOf = (run: string) => sealedOf(run)?.plan;
  const rollback = planRollback(state, { request, plan, ordinal: state.rollbacks + 1, planOf });
  const lists = new Map<string, FileLists>();
  const statements = new Map<string, string>();
  const points = new Map<string, PointFiles>();
  for (const { kind, input } of rollback.operations) {
    if (kind === 'putFilesBack' && input.manifest !== undefined)
      lists.set(input.manifest, await keptExchange(input.manifest, { kept: (digest) => content.kept(digest) }));
    if (kind === 'applySql' && 'statement' in input.source)
      statements.set(input.source.statement, await content.keep(Buffer.from(input.source.statement)));
    if (kind === 'restoreStore' || kind === 'restoreVolume') {
      const { folder, manifest } = await findPoint(home.points, input.point, sealed.runId);
      const { at, parts, encrypted } = manifest;
      const files = parts.map(({ file }) => file);
      const elsewhere = at && { parts: [], snapshot: { repository: at.repository.at, id: at.snapshot, files } };
      points.set(input.point, { folder, parts, ...elsewhere, ...(encrypted && { encryptedTo: encrypted.to }) });
    }
  }
  return {
    ...{ target, state, plan, request, rollback, statements, lists, points },
    run: breakGlassRun(rollback.ordinal),
    home: { root: home.root, keyFile: join(dirname(dirname(home.root)), 'content.key') },
    sealed: sealed.files,
    ...{ sealedOf, storeKindOf },
    shell: await shellParts(),
  };
}

let read: Promise<ShellParts> | undefined;

/** Read once: the newest text on disk is that of another version while one is being installed. */
function shellParts(): Promise<ShellParts> {
  read ??= Promise.all(
    shellPartNames.map(async (name) => {
      const file = new URL(`../../runbook/break-glass/shell/${name}.sh`, import.meta.url);
      return [name, await readFile(file, 'utf8')] as const;
    }),
  ).then((parts) => Object.fromEntries(parts) as ShellParts);
  return read;
}
