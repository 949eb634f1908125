import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// --- Words that belong to one place -------------------------------------------------------------------------------

/** Words of one kind of store or platform, and the files that may say them. Comments are free. */
const placesOfWords = [
  { word: /com\.docker\.compose/, files: /^activities\/compose\/|^client\/init\/look-at-engine\.ts$/ },
  {
    word: /redis|Redis|REDIS/,
    files: /^activities\/stores\/(redis\/|registry\.ts$)|^runbook\/stores\/(redis|index\.ts$)|^client\/init\/|^test\//,
  },
  {
    word: /sqlite/i,
    files: /^activities\/stores\/(sqlite\/|registry\.ts$)|^runbook\/stores\/(sqlite|index\.ts$)|^test\//,
  },
  {
    word: /postgres/i,
    files: new RegExp(
      [
        '^activities/(stores/postgres/|wal/|sql/|stores/registry\\.ts$)',
        '^runbook/stores/(postgres|index\\.ts$)',
        // The guard reads SQL of this dialect alone, and scripts that run without Switchback speak to psql.
        '^runbook/(guard|break-glass)/|^runbook/operations/apply-sql\\.ts$|^runbook/compile/read-compose\\.ts$',
        // How a stack is recognised, a file format told from another, and what a message lists.
        '^client/(init/|doctor/docker\\.ts$|backup/restore\\.ts$)|^activities/checkpoint/served-data\\.ts$',
      ].join('|'),
    ),
  },
];
const words = {
  rules: {
    'in-their-place': {
      meta: { type: 'problem', schema: [], messages: { elsewhere: '`{{word}}` belongs to {{files}}' } },
      create(context) {
        const file = context.filename.slice(import.meta.dirname.length + 1).replaceAll('\\', '/');
        const barred = placesOfWords.filter(({ files }) => !files.test(file));
        const check = (node, text) => {
          const found = barred.find(({ word }) => word.test(text));
          if (found === undefined) return;
          const data = { word: found.word.source, files: found.files.source };
          context.report({ node, messageId: 'elsewhere', data });
        };
        return {
          Literal: (node) => {
            if (typeof node.value === 'string') check(node, node.value);
          },
          TemplateElement: (node) => {
            check(node, node.value.raw);
          },
          Identifier: (node) => {
            check(node, node.name);
          },
        };
      },
    },
  },
};

// --- Dependency directions (docs/decisions has the reasons) -------------------------------------------------------
// Two rules per zone: one on resolved files (import-x, sees through any spelling of a path), one on package names.

/** Files of `activities/` that are wiring, not adapters: they alone may know Temporal. */
const activityWiring = [
  'activities/index.ts',
  'activities/perform/**',
  'activities/control/**',
  'activities/break-glass/**',
];
/** Modules of `runbook` whose values an adapter may use: errors, the guard, pure words and formats. All else is types only. */
const adaptersMayUse = [
  'errors',
  'json',
  'names',
  'plural',
  'checks',
  'operations',
  'records/[^/]+',
  'guard/[^/]+',
  'steering',
  'compile/read-compose',
  'databases-of-servers',
  'container-layer',
  'masking/[^/]+',
  'plan/secret-reference',
  'stores/[^/]+',
  'platforms/[^/]+',
];
/** What the command line may run on its own machine: the worker, readers of what a run left on disk, and the last way out. */
const clientMayUse = [
  'break-glass',
  'docker',
  'git',
  'masking',
  'points',
  'records',
  'resources',
  'restic',
  'sql',
  'wal',
];
/** A password of a repository is read where it is used: here, when the operator's own machine reads a backup again. */
const clientMayCall = ['perform/secrets\\.ts$', 'perform/secret-settings\\.ts$'];

const fromPackages = (message, allowed) => ({
  regex: `^(?!\\.${allowed.map((name) => `|${name}`).join('')})`,
  message,
});
const zone = (target, from, except, message) => ({ target, from, except, message });
const restrictedPaths = (...zones) => ({
  'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
});
const restrictedImports = (...patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
});
/** A dynamic import would slip past the rules on import declarations. */
const noDynamicImports = {
  'no-restricted-syntax': [
    'error',
    { selector: 'ImportExpression', message: 'a dynamic import hides a dependency from the zone rules' },
    { selector: 'CallExpression[callee.name="require"]', message: 'modules are imported, never required' },
  ],
};

const insideActivities = ['./activities', './runbook', './journal', './node_modules'];
const adapterImports = [
  { regex: '^@temporalio/', message: 'adapters import no Temporal: take an AbortSignal and a progress callback' },
  {
    regex: `/runbook/(?!(${adaptersMayUse.join('|')})\\.ts$)`,
    allowTypeImports: true,
    message: "adapters use only runbook's errors, words and types",
  },
];
const markedProcesses = {
  regex: '^(execa|(node:)?child_process)$',
  message: 'start processes with activities/processes/execa.ts: a successor finds them by their mark',
};

const zones = [
  {
    name: 'zone/words',
    files: ['{activities,client,journal,runbook,worker,workflows}/**/*.ts'],
    plugins: { words },
    rules: { 'words/in-their-place': 'error' },
  },
  {
    name: 'zone/runbook',
    files: ['runbook/**/*.ts'],
    rules: {
      ...noDynamicImports,
      ...restrictedPaths(
        zone('./runbook', './', ['./runbook', './node_modules'], 'runbook imports nothing outside itself'),
      ),
      ...restrictedImports(
        fromPackages('runbook imports nothing outside itself: no Node, no Temporal, no packages', []),
      ),
      // Pure: no clock and no randomness, so that a workflow may call anything here.
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'fetch', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'runbook has no clock: take the time as an argument' },
        { object: 'Math', property: 'random', message: 'runbook has no randomness: take ids as arguments' },
      ],
    },
  },
  {
    name: 'zone/runbook-schemas',
    files: ['runbook/plan/**/*.ts', 'runbook/steps/**/*.ts', 'runbook/stores/**/*.ts'],
    // The plan's schema is written with zod; it never reaches a workflow (see the zone below).
    rules: restrictedImports(
      fromPackages('runbook/plan, runbook/steps and runbook/stores may import zod and nothing else', ['zod$']),
    ),
  },
  {
    name: 'zone/workflows',
    files: ['workflows/**/*.ts'],
    rules: {
      ...noDynamicImports,
      ...restrictedPaths(
        zone(
          './workflows',
          './',
          ['./workflows', './runbook', './node_modules'],
          'workflows import only runbook, not even types',
        ),
      ),
      ...restrictedImports(
        fromPackages('workflows import @temporalio/workflow, @temporalio/common and runbook only', [
          '@temporalio/workflow$',
          '@temporalio/common$',
        ]),
        {
          regex: '/runbook/(plan|steps|compile|stores)(/|\\.ts$)',
          message:
            'plans are read and compiled by the client; they carry zod, and an upgrade of it would change replay',
        },
      ),
    },
  },
  {
    name: 'zone/journal',
    files: ['journal/**/*.ts'],
    rules: {
      ...noDynamicImports,
      ...restrictedPaths(
        zone(
          './journal',
          './',
          ['./journal', './runbook', './node_modules'],
          'journal imports only runbook: worker and client read it',
        ),
      ),
      ...restrictedImports(fromPackages('journal needs Node and runbook, nothing else', ['node:'])),
    },
  },
  {
    name: 'zone/activity-wiring',
    files: activityWiring,
    rules: restrictedPaths(
      zone('./activities', './', insideActivities, 'activities import only runbook, journal and each other'),
    ),
  },
  {
    name: 'zone/adapters',
    files: ['activities/**/*.ts'],
    ignores: activityWiring,
    rules: {
      ...noDynamicImports,
      ...restrictedPaths(
        zone('./activities', './', insideActivities, 'adapters import only runbook, journal and each other'),
        ...['index.ts', 'perform', 'control', 'break-glass'].map((part) =>
          zone('./activities', `./activities/${part}`, [], 'adapters do not know who calls them'),
        ),
      ),
      ...restrictedImports(...adapterImports, markedProcesses),
    },
  },
  {
    name: 'zone/processes',
    files: ['activities/processes/**/*.ts'],
    rules: restrictedImports(...adapterImports),
  },
  {
    name: 'zone/client',
    files: ['client/**/*.ts'],
    rules: restrictedImports(
      {
        regex: '/workflows/(?!messages(/[^/]+)?\\.ts$)',
        allowTypeImports: true,
        message: 'client takes only messages and types from workflows',
      },
      {
        regex: `/activities/(?!(${clientMayUse.join('|')})/|(${clientMayCall.join('|')}))`,
        allowTypeImports: true,
        message: 'client does not run activities: the worker does',
      },
      {
        regex: '^@temporalio/(worker|workflow|activity)$',
        message: 'client speaks to Temporal through @temporalio/client',
      },
    ),
  },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', '.cache/**', 'test/replay/histories/**'] },
  {
    name: 'typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { 'import-x': importX },
    settings: { 'import-x/extensions': ['.ts', '.js', '.mjs'] },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      // Which packages a deployed worker needs must be readable in package.json.
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: ['test/**', 'bench/**'] }],
      'import-x/first': 'error',
      'import-x/no-duplicates': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers are what our messages are full of; their text is not in doubt.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An async function without await keeps a contract (a port, a handler); the rule would have us write Promise.resolve.
      '@typescript-eslint/require-await': 'off',
      // Type parameters used once are how our registries tie a kind to its input.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // `() => stop()` is shorter to read than a block, and says as much.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // What another process or an older file gave us may break its declared type: guards against that are wanted.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `array[i]!` after a length check is common with noUncheckedIndexedAccess; the compiler already asked the question.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // They cost a quarter of the whole lint, and speak about enums and class instances, of which we have next to none.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Code points are what we count and pad by; nobody's table holds composed emojis.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // An abort signal's reason is handed on as it is, whatever the one who aborted gave.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // An unused argument keeps its place in a signature when it begins with an underscore.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    name: 'tests',
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      // Tests read rows, JSON and error objects whose shape is what they assert.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // Facts of receipts are JSON; a test that prints the wrong kind fails on what it compares.
      '@typescript-eslint/no-base-to-string': 'off',
      // `expect(object.method)` is how Jest asserts on a method.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  ...zones.map((config) => ({ ...config, plugins: { 'import-x': importX, ...config.plugins } })),
);
