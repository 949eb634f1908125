import { describe, expect, it } from '@jest/globals';
import type { Operation, OperationKind } from '../../runbook/operations.ts';
import { askedAhead } from '../../runbook/rollback-ahead.ts';

const ids = (...kinds: OperationKind[]) => {
  const operations = kinds.map((kind, index) => ({ id: `${index}-${kind}`, kind }) as Operation);
  const { now, later } = askedAhead(operations);
  return { now: now.map(({ id }) => id), later: later.map(({ id }) => id) };
};

describe('what a dry run asks the world about', () => {
  it('is the first change of the stack, and all restores and files', () => {
    expect(ids('stopUsers', 'restoreStore', 'restoreVolume', 'putFilesBack', 'applySql', 'applyCheckpoint')).toEqual({
      now: ['1-restoreStore', '2-restoreVolume', '3-putFilesBack', '5-applyCheckpoint'],
      later: [],
    });
  });

  it('is not a later change of the stack, which is said', () => {
    expect(ids('switchImage', 'applyCheckpoint', 'switchImage', 'runChecks')).toEqual({
      now: ['0-switchImage'],
      later: ['1-applyCheckpoint', '2-switchImage'],
    });
  });
});
