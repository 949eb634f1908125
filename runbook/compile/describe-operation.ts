import { describeCheck, type Check } from '../checks.ts';
import type { Operation, PreflightCheck } from '../operations.ts';
import type { OperationDescription } from './plan-description.ts';

/** An operation in words: what it does, touches and looks at, and how it is taken back. */
export function describeOperation(operation: Operation): OperationDescription {
  const { id, kind, summary, effects, undo, host, timeoutSeconds } = operation;
  return {
    id,
    kind,
    summary,
    effects: effects.map((effect) => `${effect.change} ${effect.resource}`),
    looksAt: looksAt(operation),
    undo: {
      by: undo.by,
      summary: undo.summary,
      lossy: undo.by === 'operation' && undo.lossy,
      ...(undo.by === 'impossible' ? { cause: undo.cause } : {}),
    },
    host,
    timeoutSeconds,
  };
}

function looksAt(operation: Operation): string[] {
  const lines = (checks: readonly Check[]) => checks.map(describeCheck);
  switch (operation.kind) {
    case 'runChecks':
      return lines(operation.input.checks);
    case 'watchBake':
      return [
        ...lines(operation.input.checks),
        ...operation.input.triggers.map(
          ({ healthFailures, decide }) => `${healthFailures} failed samples in a row: ${decide}`,
        ),
      ];
    case 'checkPreflight':
      return operation.input.checks.map(describePreflight);
    default:
      return [];
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
