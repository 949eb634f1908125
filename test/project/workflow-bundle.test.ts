import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';

afterAll(() => Runtime.instance().shutdown());

it('has no SQL parser in the bundle of workflows: a binary there would change replays with every upgrade', async () => {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  // That the bundle is the one of the workflows, so that what is missing is missed for a reason.
  expect(code).toContain('planRollback');
  for (const word of ['libpg-query', 'pg_query', 'loadSqlParser', 'statement-readers', 'WebAssembly.instantiate'])
    expect(code).not.toContain(word);
});
