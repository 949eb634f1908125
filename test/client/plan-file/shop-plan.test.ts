import { describe, expect, it } from '@jest/globals';
import { readPlan, renderIssues } from '../../../client/plan-file/index.ts';

describe('the plan of the shop', () => {
  it('compiles, with every warning about ports that copy-to.mjs sets', async () => {
    const reading = await readPlan('examples/shop/switchback.yml');
    if (!reading.ok) throw new Error(renderIssues(reading.issues, { color: false }));
    expect(reading.warnings.filter(({ message }) => !message.includes('Docker chooses a port'))).toEqual([]);
    expect(reading.compiled.phases.map(({ id }) => id)).toEqual(['prove-v1', 'orders-expanded', 'api-v2']);
    expect(reading.compiled.phases[1]?.stages.flatMap(({ operations }) => operations.map(({ id }) => id))).toEqual([
      'orders-expanded/preflight/01-checkPreflight',
      'orders-expanded/preflight/02-checkBudget',
      'orders-expanded/backup/01-backupStore',
      'orders-expanded/backup/02-proveBackup',
      'orders-expanded/apply/01-applySql',
      'orders-expanded/dual-run/01-compareDualRun',
      'orders-expanded/cutover/01-applyCheckpoint',
      'orders-expanded/verify/01-runChecks',
      'orders-expanded/complete/01-measureResources',
      'orders-expanded/complete/02-tagCheckpoint',
      'orders-expanded/complete/03-recordPhase',
    ]);
  });
});
