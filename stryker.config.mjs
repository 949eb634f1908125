// Read by test/mutation/run.mjs, which says by the environment what is mutated and which tests judge it.
const { MUTATION_GROUP: group = 'runbook', MUTATION_FILES: files = '', MUTATION_TESTS: tests = '' } = process.env;

export default {
  mutate: files.split(','),
  testRunner: 'circus',
  plugins: ['./test/mutation/circus-runner.mjs'],
  circus: { folders: tests.split(',') },
  coverageAnalysis: 'perTest',
  disableTypeChecks: false,
  // A folder that is a symlink cannot be copied; the others are not needed by unit tests.
  ignorePatterns: [
    'dist',
    '.cache',
    'bench',
    'test/faults',
    'test/scenarios',
    'test/replay',
    'test/client/bad-plans/stack/up',
  ],
  tempDirName: '.cache/stryker',
  incremental: true,
  incrementalFile: `.cache/mutation/${group}.incremental.json`,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `.cache/mutation/${group}.json` },
  concurrency: 1,
  // A busy machine is no endless loop; those are found by what they count.
  timeoutMS: 120_000,
  warnings: { slow: false, unknownOptions: false },
};
