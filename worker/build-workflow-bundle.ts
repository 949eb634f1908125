import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/**
 * Writes the bundle of all workflows beside the compiled worker: a worker that bundles at its start takes seconds longer, and
 * after a crash those seconds are downtime.
 */
const workflowsPath = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
await writeFile(new URL('workflow-bundle.js', import.meta.url), code);
