import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';
import { describeCheck, type Check } from '../checks.ts';

export type PreflightCheck =
  | { check: 'docker' }
  | { check: 'checkpoint-files'; compose: string; env?: string }
  /** The active files still hold what the last checkpoint put there. */
  | { check: 'drift' }
  | { check: 'images'; compose: string; env?: string }
  | { check: 'previous-tag'; tag: string }
  | { check: 'tag-free'; tag: string }
  | { check: 'git-clean'; paths: string[] }
  | { check: 'store'; store: string }
  | { check: 'volume'; volume: string }
  /** `servers`: stores whose whole servers are backed up. */
  | { check: 'room'; volumes: string[]; stores: string[]; servers?: string[] }
  /**
   * Every database of a server of the stack that a dump is taken of is in a point, too. `stores` are dumped; `servers` and `volumes` are
   * backed up as a whole. From version 2 of the operation on.
   */
  | { check: 'databases'; stores: string[]; servers: string[]; volumes: string[] }
  | { check: 'checkpoint-change'; compose: string; env?: string }
  /** The checks that were true at the end of the previous checkpoint are still true. */
  | { check: 'steady'; checks: Check[] };

export interface CheckPreflightInput {
  checks: PreflightCheck[];
}

declare module './operation.ts' {
  interface OperationInputs {
    checkPreflight: CheckPreflightInput;
  }
}

function describePreflight(check: PreflightCheck): string {
  const files = (refs: { compose: string; env?: string }) =>
    refs.env === undefined ? refs.compose : `${refs.compose} and ${refs.env}`;
  switch (check.check) {
    case 'docker':
      return 'Docker and Compose answer';
    case 'checkpoint-files':
      return `${files(check)} are as they were sealed, and Compose accepts them`;
    case 'drift':
      return 'the active files hold what the last checkpoint put there';
    case 'images':
      return `every image of ${check.compose} is on the host`;
    case 'previous-tag':
      return `the tag ${check.tag} exists`;
    case 'tag-free':
      return `the tag ${check.tag} is free`;
    case 'git-clean':
      return `nothing uncommitted under ${check.paths.join(', ')}`;
    case 'store':
      return `the store ${check.store} answers`;
    case 'volume':
      return `the volume ${check.volume} exists and is the one that it was`;
    case 'room':
      return `there is room for the backups of ${[...check.volumes, ...check.stores, ...(check.servers ?? [])].join(', ')}`;
    case 'databases':
      return `every database beside those of ${check.stores.join(', ')} is in a backup, too`;
    case 'checkpoint-change':
      return `${files(check)} would change no volume`;
    case 'steady':
      return `still true: ${check.checks.map(describeCheck).join('; ')}`;
  }
}

export const checkPreflight = defineOperation({
  kind: 'checkPreflight',
  // 2: the condition `databases`. What 1 says means the same.
  version: 2,
  ...touchesNoData,
  changes: 'nothing',
  looksAt: ({ checks }) => checks.map(describePreflight),
  byHand: noWayBack,
});
