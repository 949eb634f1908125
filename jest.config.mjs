// Three projects by what they need: `unit` nothing, `workflows` a Temporal server, `real` Docker and databases as well.
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  testEnvironment: 'node',
};
const suite = (displayName, folders) => ({
  ...common,
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});
// What `npm test` takes of the whole stories; `npm run test:real` tells all of them.
const stories = ['demo', 'restore-data', 'protected'];
// What it leaves to `npm run test:real` of the rest.
const inFull = ['stores/sqlite-own'];
export default {
  projects: [
    suite('unit', ['runbook', 'model', 'journal', 'client', 'activities', 'worker', 'replay', 'project']),
    {
      ...suite('workflows', ['workflows']),
      globalSetup: '<rootDir>/test/workflows/shared-server.mjs',
      globalTeardown: '<rootDir>/test/workflows/stop-shared-server.mjs',
    },
    {
      ...suite('sample', ['real', 'stores', 'cases']),
      testMatch: [
        ...suite('sample', ['real', 'stores', 'cases']).testMatch,
        ...stories.map((story) => `<rootDir>/test/scenarios/${story}.test.ts`),
      ],
      testPathIgnorePatterns: ['/node_modules/', ...inFull.map((suite) => `<rootDir>/test/${suite}.test.ts`)],
    },
    suite('real', ['real', 'stores', 'cases', 'scenarios']),
    suite('faults', ['faults']),
  ],
  reporters: ['default', '<rootDir>/test/count-reporter.mjs'],
  testTimeout: 120_000,
};
