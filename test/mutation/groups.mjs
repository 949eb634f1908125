/**
 * Files that guard data, in groups whose mutants the same tests judge. Files are read from the folder as it is: `/*.ts` is all of one.
 * What only a real server or engine can judge has its tests in `test/real` and `test/stores`, and stands in no group.
 */
export const groups = {
  decisions: {
    files: [
      'runbook/rollback.ts',
      'runbook/rollback-restores.ts',
      'runbook/target-state.ts',
      'runbook/retention.ts',
      'runbook/collapse-checkpoints.ts',
      'runbook/lost-points.ts',
      'runbook/fresh-proof.ts',
      'runbook/point-set.ts',
      'runbook/recovery.ts',
      'runbook/steering.ts',
      'runbook/run-state.ts',
      'runbook/child-report.ts',
      'runbook/backup-task.ts',
    ],
    tests: ['test/runbook'],
  },
  guard: { files: ['runbook/guard/*.ts'], tests: ['test/runbook/guard'] },
  journal: { files: ['journal/*.ts'], tests: ['test/journal'] },
  perform: { files: ['activities/perform/*.ts'], tests: ['test/activities/perform'] },
  points: { files: ['activities/points/*.ts'], tests: ['test/activities/points'] },
};
