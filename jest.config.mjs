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
export default {
  projects: [
    suite('unit', ['runbook', 'journal', 'client', 'activities', 'worker', 'replay', 'project']),
    suite('workflows', ['workflows']),
    suite('real', ['real', 'stores', 'scenarios']),
    suite('faults', ['faults']),
  ],
  reporters: ['default', '<rootDir>/test/count-reporter.mjs'],
  testTimeout: 120_000,
};
