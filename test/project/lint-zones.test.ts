import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

// The zones need no types, and a planted file is in no tsconfig: the untyped rules answer in milliseconds.
const eslint = new ESLint({
  overrideConfig: [
    { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked },
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  ],
});

const zoneRules = [
  'import-x/no-restricted-paths',
  '@typescript-eslint/no-restricted-imports',
  'no-restricted-syntax',
  'no-restricted-globals',
  'no-restricted-properties',
  'words/in-their-place',
];

/** Names of the zone rules that refuse `code` when it stands in `file`. */
async function refusals(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: file });
  return (result?.messages ?? [])
    .filter((message) => message.fatal || zoneRules.includes(message.ruleId ?? ''))
    .map((message) => message.ruleId ?? message.message);
}

describe('the dependency zones', () => {
  it.each([
    ['runbook/planted.ts', `import { readFileSync } from 'node:fs'; readFileSync('x');`],
    ['runbook/planted.ts', `import { z } from 'zod'; z.string();`],
    ['runbook/planted.ts', `import { condition } from '@temporalio/workflow'; void condition;`],
    ['runbook/planted.ts', `import type { Progress } from '../activities/effect.ts'; export type P = Progress;`],
    ['runbook/planted.ts', `export const load = () => import('node:fs');`],
    ['runbook/planted.ts', `export const now = () => Date.now();`],
    ['runbook/planted.ts', `export const home = process.env['HOME'];`],
    ['runbook/plan/planted.ts', `import { parse } from 'yaml'; parse('');`],
    ['runbook/steps/planted.ts', `import { z } from 'zod/v3'; z.string();`],
    ['runbook/compile/planted.ts', `import { z } from 'zod'; z.string();`],
    [
      'workflows/planted.ts',
      `import type { EffectHandlers } from '../activities/effect.ts'; export type H = EffectHandlers;`,
    ],
    ['workflows/planted.ts', `import { Client } from '@temporalio/client'; void Client;`],
    ['workflows/planted.ts', `import { log } from '@temporalio/activity'; void log;`],
    ['workflows/planted.ts', `import { z } from 'zod'; z.string();`],
    ['workflows/planted.ts', `import { join } from 'node:path'; join('');`],
    ['workflows/planted.ts', `import type { Plan } from '../runbook/plan/schema.ts'; export type P = Plan;`],
    ['workflows/planted.ts', `import { steps } from '../runbook/steps/index.ts'; void steps;`],
    ['workflows/planted.ts', `import { compilePlan } from '../runbook/compile/index.ts'; void compilePlan;`],
    ['workflows/planted.ts', `export const load = () => import('../activities/effect.ts');`],
    ['activities/git/planted.ts', `import { Context } from '@temporalio/activity'; void Context;`],
    [
      'activities/git/planted.ts',
      `import type { ApplicationFailure } from '@temporalio/common'; export type F = ApplicationFailure;`,
    ],
    ['activities/git/planted.ts', `import { compilePlan } from '../../runbook/compile.ts'; void compilePlan;`],
    ['activities/git/planted.ts', `import { planSchema } from '../../runbook/plan/schema.ts'; void planSchema;`],
    ['activities/git/planted.ts', `import { execa } from 'execa'; void execa;`],
    ['activities/git/planted.ts', `import { effectContext } from '../perform/effect-context.ts'; void effectContext;`],
    ['journal/planted.ts', `import type { Progress } from '../activities/effect.ts'; export type P = Progress;`],
    ['journal/planted.ts', `import { execa } from 'execa'; void execa;`],
    ['client/planted.ts', `import { migration } from '../workflows/migration.ts'; void migration;`],
    ['client/planted.ts', `import { createActivities } from '../activities/index.ts'; void createActivities;`],
    ['activities/volumes/planted.ts', `export const label = 'com.docker.compose.project';`],
    ['activities/volumes/planted.ts', 'export const label = (of: string) => `com.docker.compose.${of}`;'],
    ['runbook/planted.ts', `export const kind = 'postgres';`],
    ['client/planted.ts', `export const kind = 'sqlite';`],
    ['activities/preflight/planted.ts', `export const postgresSize = 1;`],
    ['client/planted.ts', `import { Worker } from '@temporalio/worker'; void Worker;`],
  ])('refuse in %s: %s', async (file, code) => {
    expect(await refusals(file, code)).not.toEqual([]);
  });

  it.each([
    ['runbook/planted.ts', `import { SwitchbackError } from './errors.ts'; void SwitchbackError;`],
    ['runbook/plan/planted.ts', `import { z } from 'zod'; z.string();`],
    ['workflows/planted.ts', `import { condition } from '@temporalio/workflow'; void condition;`],
    ['workflows/planted.ts', `import { SwitchbackError } from '../runbook/errors.ts'; void SwitchbackError;`],
    ['activities/git/planted.ts', `import { SwitchbackError } from '../../runbook/errors.ts'; void SwitchbackError;`],
    [
      'activities/git/planted.ts',
      `import type { CompiledPlan } from '../../runbook/compiled-plan.ts'; export type P = CompiledPlan;`,
    ],
    ['activities/processes/planted.ts', `import { execa } from 'execa'; void execa;`],
    ['journal/planted.ts', `import { open } from 'node:fs/promises'; void open;`],
    ['activities/control/planted.ts', `import { log } from '@temporalio/activity'; void log;`],
    ['client/planted.ts', `import { approveUpdate } from '../workflows/messages.ts'; void approveUpdate;`],
    [
      'client/planted.ts',
      `import type { migration } from '../workflows/migration.ts'; export type M = typeof migration;`,
    ],
    ['worker/planted.ts', `import { createActivities } from '../activities/index.ts'; void createActivities;`],
  ])('allow in %s: %s', async (file, code) => {
    expect(await refusals(file, code)).toEqual([]);
  });
});
