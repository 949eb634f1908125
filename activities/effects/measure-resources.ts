import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { setAside } from '../checkpoint/index.ts';
import { servicesOf } from '../checks/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectHandler } from '../effect.ts';
import { writeDurably } from '../points/index.ts';
import { measureServices, showBytes, usageTable } from '../resources/index.ts';

/** A receipt carries at most 16 KiB of facts; the file has all of it. */
const tableLimit = 8000;

/** Measures what a phase's services use, and writes it to `resources/<phase>.json` in the target's records. */
export function measureResourcesHandler(deps: { engine: DockerEngine }): EffectHandler<'measureResources'> {
  return {
    prepare: async () => ({ undo: { by: 'nothing', summary: 'a measurement disturbs nobody' }, facts: {} }),
    // A measurement is of its moment; where an attempt was lost, a new one is as good.
    observe: async () => 'absent',
    async perform(input, context) {
      const { project } = context.plan.stack;
      const call = { signal: context.signal };
      const measurement = await measureServices(deps.engine, project, input.phase, call);
      const services = await servicesOf(deps.engine, project, { ...call, setAside: await setAside(context) });
      const finished = services.filter(({ state }) => state === 'finished').length;
      measurement.totals.finished = finished;
      const folder = join(context.home.records, 'resources');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${input.phase}.json`);
      await writeDurably(file, `${JSON.stringify(measurement, null, 2)}\n`);
      const totals = { ...measurement.totals, finished };
      const table = usageTable(measurement);
      context.log(table);
      return {
        summary: `${totals.services} services use ${totals.cpus.toFixed(2)} cpus and ${showBytes(totals.memory_bytes)}${
          totals.finished > 0 ? `, ${totals.finished} have finished` : ''
        }`,
        facts: { file, totals, table: table.slice(0, tableLimit) },
        effect: { phase: input.phase, services: totals.services },
      };
    },
  };
}
