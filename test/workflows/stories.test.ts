import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { Orchestra } from './orchestra.ts';
import { stories } from './stories.ts';

const kept = fileURLToPath(new URL('../replay/histories/', import.meta.url));

/** Without the name of the machine that recorded it. */
const anonymous = (json: string) => JSON.stringify(JSON.parse(json)).replaceAll(hostname(), 'recorder');

let orchestra: Orchestra;
beforeAll(async () => {
  orchestra = await Orchestra.start();
  await orchestra.work();
});
afterAll(() => orchestra.stop());

// `RECORD_HISTORIES=1` keeps them in test/replay/histories, to be replayed by every later version.
describe('stories', () => {
  it.each(stories)('$name replays as it was recorded', async ({ name, tell }) => {
    orchestra.quiet();
    await tell(orchestra, name);
    const histories = await orchestra.histories(name);
    expect(histories.length).toBeGreaterThanOrEqual(3);
    for (const { workflowId, json } of histories) {
      await Worker.runReplayHistory({ workflowBundle: orchestra.workflowBundle }, JSON.parse(json), workflowId);
      if (process.env['RECORD_HISTORIES'] === undefined) continue;
      mkdirSync(`${kept}${name}`, { recursive: true });
      writeFileSync(`${kept}${name}/${workflowId.replaceAll('/', '+')}.json`, `${anonymous(json)}\n`);
    }
  });
});
