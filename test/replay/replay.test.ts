import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';

const root = fileURLToPath(new URL('../../', import.meta.url));
const histories = readdirSync(join(root, 'test/replay/histories'), { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.json'),
);

const bundle = (folder: string) =>
  bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.ts'), logger: new DefaultLogger('ERROR') });
const replay = (workflowBundle: { code: string }, file: string) =>
  Worker.runReplayHistory(
    { workflowBundle },
    JSON.parse(readFileSync(join(root, 'test/replay/histories', file), 'utf8')),
    file,
  );

let released: { code: string };
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  released = await bundle(root);
});
afterAll(() => Runtime.instance().shutdown());

describe('recorded histories', () => {
  it('are there for each way that a run can take', () => {
    expect([...new Set(histories.map((file) => file.split('/')[0]))].sort()).toEqual([
      'backed-up',
      'parked-and-retried',
      'rehearsed',
      'rollback-parked-and-resumed',
      'rolled-back',
      'success',
    ]);
  });

  it.each(histories)('[T4] %s', async (file) => {
    await expect(replay(released, file)).resolves.toBeUndefined();
  });

  it('catch a changed order of operations', async () => {
    const drifted = mkdtempSync(join(tmpdir(), 'switchback-drift-'));
    try {
      for (const folder of ['workflows', 'runbook'])
        cpSync(join(root, folder), join(drifted, folder), { recursive: true });
      symlinkSync(join(root, 'node_modules'), join(drifted, 'node_modules'));
      const file = join(drifted, 'workflows/phase.ts');
      const text = readFileSync(file, 'utf8');
      const changed = text.replace('of plan.stages) {', 'of [...plan.stages].reverse()) {');
      expect(changed).not.toBe(text);
      writeFileSync(file, changed);
      const longer = histories.find((name) => name.endsWith('1-one.json'));
      await expect(replay(await bundle(drifted), longer ?? '')).rejects.toBeInstanceOf(DeterminismViolationError);
    } finally {
      rmSync(drifted, { recursive: true, force: true });
    }
  });

  it('hold no schema library: an upgrade of it must not change replay', () => {
    expect(released.code).not.toMatch(/node_modules\/zod\//);
  });
});
