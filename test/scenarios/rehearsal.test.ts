import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { migrationWorkflowId, rehearsalWorkflowId, rollbackWorkflowId } from '../../runbook/names.ts';
import { operationVersion } from '../../runbook/operations.ts';
import type { Rehearsal } from '../../runbook/rehearsal.ts';
import type { RunStatus } from '../../runbook/run-state.ts';
import { approveUpdate, statusQuery } from '../../workflows/messages.ts';
import { RehearsalStage, RehearsedStack } from '../real/rehearsal/rehearsal-fixture.ts';

// The shop of the demo: what a rehearsal promises for each of its phases, against what going back really takes.

const root = fileURLToPath(new URL('../..', import.meta.url));
let stage: RehearsalStage;
let shop: RehearsedStack;

beforeAll(async () => {
  stage = await RehearsalStage.start();
  const project = `shop-reh-${process.pid}`;
  const directory = join(stage.folder, project);
  shop = new RehearsedStack(stage, project, directory);
  const copied = await execa('node', [join(root, 'examples/shop/copy-to.mjs'), directory, '--project', project]);
  const { SHOP_DB_PORT } = JSON.parse(copied.stdout) as { SHOP_DB_PORT: number };
  stage.variables['SWITCHBACK_SECRETS'] = 'DB_PASSWORD,SHOP_ADMIN_URL';
  stage.variables['SHOP_ADMIN_URL'] = `postgres://postgres:admin-local-demo@127.0.0.1:${SHOP_DB_PORT}/shop`;
  stage.stacks.push(shop);
  await shop.up();
}, 600_000);
afterAll(() => stage?.stop(), 120_000);

const secondsOf = (status: RunStatus): number => {
  const rollback = status.rollbacks.at(-1);
  return (Date.parse(rollback?.finishedAt ?? '') - Date.parse(rollback?.startedAt ?? '')) / 1000;
};

/** The operations of a workflow, as its history names them: `KIND: what it does`, without tags, which a clone has no repository for. */
async function operationsOf(workflowId: string): Promise<string[]> {
  const { events } = await stage.environment.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => {
    const kind = scheduled?.activityType?.name ?? '';
    const summary = userMetadata?.summary?.data;
    if (!Object.hasOwn(operationVersion, kind) || kind === 'removeTag' || !summary) return [];
    return [`${kind}: ${JSON.parse(Buffer.from(summary).toString()) as string}`];
  });
}

/** Whether the machine had a processor for all that wanted one. */
const isCalm = () => loadavg()[0]! < availableParallelism();

describe('the ways back of the shop', () => {
  let calm: boolean;
  let rehearsed: string[];
  let promised: Rehearsal[];

  it('[K10] [M12] are rehearsed, all of them, on a clone', async () => {
    const ignore = (await shop.plan()).phases.flatMap(({ rehearsal }) => rehearsal?.ignore ?? []);
    promised = await shop.rehearse({ ignore });
    expect(promised.map(({ phase, outcome, why }) => ({ phase, outcome, why }))).toEqual(
      ['prove-v1', 'orders-expanded', 'api-v2'].map((phase) => ({ phase, outcome: 'held', why: undefined })),
    );
    calm = isCalm();
    rehearsed = (await operationsOf(rehearsalWorkflowId(shop.project))).filter((each) => each.includes(': back: '));
    // Where nothing was seen, the comparison with the real way back would hold of anything.
    expect(rehearsed.length).toBeGreaterThanOrEqual(promised.length);
    expect(rehearsed.map((each) => each.split(':')[0])).toContain('applyCheckpoint');
    expect(await shop.remains()).toEqual([]);
  }, 600_000);

  it('[K11] take about as long as was promised', async () => {
    const { client } = stage.environment;
    const run = await shop.migrate('r1');
    const handle = client.workflow.getHandle(migrationWorkflowId(shop.project));
    for (;;) {
      const { state, waiting } = await handle.query(statusQuery);
      if (waiting?.approval || !['starting', 'running', 'awaiting-approval'].includes(state)) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'lead@here', role: 'shop-lead' }] });
    expect((await run.result()).state).toBe('completed');
    const ratios: Record<string, number> = {};
    const gone: string[] = [];
    for (const { phase, seconds } of [...promised].reverse()) {
      const really = secondsOf(await shop.goBack(`back-${phase}`));
      ratios[phase] = really / (seconds?.back ?? 0);
      calm &&= isCalm();
      gone.unshift(...(await operationsOf(rollbackWorkflowId(shop.project, Object.keys(ratios).length))));
      process.stderr.write(`${phase}: promised ${seconds?.back} s, really ${really} s\n`);
    }
    // What makes the promise true: the way that was measured is the way that is gone.
    expect(gone).toEqual(rehearsed.map((each) => each.replace(': back: ', ': ')));
    // Minutes lie between the two: on a machine that is short of processors, what others did meanwhile is in one of them only.
    for (const ratio of Object.values(ratios)) {
      if (calm) expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(calm ? 1.3 : 2);
    }
  }, 900_000);
});
