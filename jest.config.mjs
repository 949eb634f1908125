// Three projects by what they need: `unit` nothing, `workflows` a Temporal server, `real` Docker and databases as well.
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testEnvironment: 'node',
};
const suite = (displayName, folders) => ({
  ...common,
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});
const sample = [
  'real/docker-engine',
  'real/checks/services',
  'real/preflight/preflight',
  'real/resources/resources',
  'real/record-before',
  'real/volumes/backup-volume',
  'stores/postgres-sql',
  'stores/postgres-restore',
  'scenarios/demo',
];
export default {
  projects: [
    suite('unit', ['runbook', 'journal', 'client', 'activities', 'worker', 'replay', 'project']),
    suite('workflows', ['workflows']),
    // A sample of the real suites, one or two of each part; `npm run test:real` runs them all.
    { ...suite('sample', []), testMatch: sample.map((file) => `<rootDir>/test/${file}.test.ts`) },
    suite('real', ['real', 'stores', 'scenarios']),
    suite('faults', ['faults']),
  ],
  reporters: ['default', '<rootDir>/test/count-reporter.mjs'],
  testTimeout: 120_000,
};
