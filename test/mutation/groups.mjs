/**
 * Files that guard data, in groups whose mutants the same tests judge. Files are read from the folder as it is: `/*.ts` is all of one.
 * What only a real server or engine can judge has its tests in `test/real` and `test/stores`, and stands in no group.
 */
export const groups = {
  decisions: {
    files: [
      'runbook/rollback.ts',
      'runbook/rollback-choices.ts',
      'runbook/rollback-operations.ts',
      'runbook/rollback-restores.ts',
      'runbook/rollback-scope.ts',
      'runbook/target-state.ts',
      'runbook/apply-record.ts',
      'runbook/operation-record.ts',
      'runbook/phase-applications.ts',
      'runbook/being-taken-back.ts',
      'runbook/consistency.ts',
      'runbook/data-lineage.ts',
      'runbook/same-work.ts',
      'runbook/going-back.ts',
      'runbook/way-on.ts',
      'runbook/run-decisions.ts',
      'runbook/on-failure.ts',
      'runbook/by-hand.ts',
      'runbook/beside-database.ts',
      'runbook/databases-of-servers.ts',
      'runbook/container-layer.ts',
      'runbook/command-acceptance.ts',
      'runbook/collapse-checkpoints.ts',
      'runbook/retention.ts',
      'runbook/lost-points.ts',
      'runbook/fresh-proof.ts',
      'runbook/point-set.ts',
      'runbook/recovery.ts',
      'runbook/steering.ts',
      'runbook/lease-conflict.ts',
      'runbook/backup-task.ts',
    ],
    // Neither those of the guard nor of break-glass, compilation and steps, which reach these files only on their way.
    tests: ['test/runbook/*.test.ts'],
  },
  // Tables that are made while a module is loaded: each of their mutants loads all test files afresh.
  states: {
    files: ['runbook/run-state.ts', 'runbook/child-report.ts'],
    tests: ['test/runbook/run-state.test.ts', 'test/runbook/command-acceptance.test.ts'],
  },
  guard: { files: ['runbook/guard/*.ts'], tests: ['test/runbook/guard'] },
  masking: { files: ['runbook/masking/*.ts', 'activities/masking/*.ts'], tests: ['test/runbook/masking'] },
  journal: { files: ['journal/*.ts'], tests: ['test/journal'] },
  perform: { files: ['activities/perform/*.ts'], tests: ['test/activities/perform'] },
  points: { files: ['activities/points/*.ts'], tests: ['test/activities/points'] },
};
