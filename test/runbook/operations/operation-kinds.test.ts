import { describe, expect, it } from '@jest/globals';

import {
  asItIs,
  defineOperation,
  touchesNoData,
  type OperationDefinition,
} from '../../../runbook/operations/define-operation.ts';
import { allKinds, definitionOf, operationKinds, type OperationKind } from '../../../runbook/operations/index.ts';
import { noWayBack } from '../../../runbook/operations/no-way-back.ts';

const kindsThat = (answer: (definition: OperationDefinition<OperationKind>) => boolean) =>
  allKinds.filter((kind) => answer(definitionOf(kind))).sort();

describe('kinds of operations', () => {
  it('are listed under their own names', () => {
    expect(Object.entries(operationKinds).map(([name, { kind }]) => [name, kind])).toEqual(
      allKinds.map((kind) => [kind, kind]),
    );
  });

  it('that answer nothing are no kinds: the compiler refuses them', () => {
    // @ts-expect-error -- whether it changes the target is not said
    defineOperation({ kind: 'recordPhase', version: 1, ...touchesNoData, byHand: noWayBack });
    const { recordPhase, ...others } = operationKinds;
    // @ts-expect-error -- a kind is not in the list
    const registry: typeof operationKinds = others;
    expect(Object.keys(registry)).not.toContain(recordPhase.kind);
  });

  // The lists that stood in ten files: a wrong answer loses data in silence, so each is written out here once more.
  it.each<[string, (definition: OperationDefinition<OperationKind>) => boolean, OperationKind[]]>([
    [
      'only look',
      ({ changes }) => changes === 'nothing',
      ['checkBudget', 'checkPreflight', 'compareDualRun', 'runChecks', 'watchBake'],
    ],
    [
      'change the target',
      ({ changes }) => changes === 'target',
      [
        'applyCheckpoint',
        'applyManifests',
        'applySql',
        'prunePoints',
        'putFilesBack',
        'removeTag',
        'restoreFiles',
        'restoreManifests',
        'restoreStore',
        'restoreVolume',
        'runContainer',
        'startUsers',
        'stopUsers',
        'switchImage',
      ],
    ],
    [
      'run on a clone',
      ({ inClone }) => inClone === asItIs,
      ['applyCheckpoint', 'applySql', 'restoreFiles', 'runContainer', 'switchImage'],
    ],
    ['run in part on a clone', ({ inClone }) => inClone !== touchesNoData.inClone && inClone !== asItIs, ['runChecks']],
    ['bring data or services back', ({ bringsBack }) => bringsBack, ['restoreStore', 'restoreVolume', 'startUsers']],
    ['know their undo afterwards', ({ knowsUndoAfterwards }) => knowsUndoAfterwards, ['applySql', 'runContainer']],
    ['leave evidence', ({ leavesEvidence }) => leavesEvidence, ['applySql', 'runContainer']],
    [
      'stop services for a while',
      ({ stopsServices }) => stopsServices === 'while-it-works',
      ['backupVolume', 'restoreStore', 'restoreVolume'],
    ],
    [
      'stop services until another starts them',
      ({ stopsServices }) => stopsServices === 'until-started',
      ['stopUsers'],
    ],
    ['start services', ({ startsServices }) => startsServices, ['applyCheckpoint', 'startUsers']],
    [
      'make databases beside',
      ({ makesScratchDatabases }) => makesScratchDatabases,
      ['backupStore', 'proveBackup', 'restoreStore'],
    ],
    ['bring a whole stack', ({ inRollback }) => inRollback === 'stack', ['applyCheckpoint']],
    ['bring one service', ({ inRollback }) => inRollback === 'service', ['switchImage']],
    ['put files back', ({ inRollback }) => inRollback === 'files', ['putFilesBack']],
    ['may stand anywhere', ({ inRollback }) => inRollback === 'anywhere', ['removeTag']],
  ])('%s', (_what, answer, expected) => {
    expect(kindsThat(answer)).toEqual(expected);
  });
});
