import { describe, expect, it } from '@jest/globals';

import { parseModel } from '../../../activities/compose/compose-model.ts';
import { judgeDemand, showBytes, sumLimits, usageTable } from '../../../activities/resources/index.ts';

const GiB = 1024 ** 3;
const model = parseModel(
  JSON.stringify({
    name: 'k2',
    services: {
      redpanda: { deploy: { resources: { limits: { cpus: 4, memory: String(8 * GiB) } } } },
      // As Compose writes the older fields.
      clickhouse: { cpus: 2, mem_limit: String(4 * GiB) },
      worker: { deploy: { replicas: 3, resources: { limits: { cpus: '0.1', memory: String(GiB) } } } },
      init: { restart: 'no' },
      tools: { profiles: ['debug'], deploy: { resources: { limits: { memory: String(99 * GiB) } } } },
    },
  }),
);
const roomy = { totalBytes: 64 * GiB, forProjectBytes: 32 * GiB };

describe('what a checkpoint may use', () => {
  it('[K14] is the sum of its limits, over all copies, without what no profile starts', () => {
    expect(sumLimits(model)).toEqual({ services: 4, cpus: 6.3, memoryBytes: 15 * GiB, unlimited: ['init'] });
  });

  it('[K14] fits, or is over by what it says', () => {
    const demand = sumLimits(model);
    expect(judgeDemand(demand, { cpus: 6.3, memoryBytes: 15 * GiB, services: 4, over: 'stop' }, roomy)).toEqual([]);
    expect(judgeDemand(demand, undefined, roomy)).toEqual([]);
    const over = judgeDemand(demand, { cpus: 6, memoryBytes: 12 * GiB, services: 3, over: 'stop' }, roomy);
    expect(over.map(({ message }) => message)).toEqual([
      '6.3 cpus, 0.3 over the budget of 6',
      '15GiB memory, 3GiB over the budget of 12GiB',
      '4 services, 1 over the budget of 3',
    ]);
  });

  it('[K14] is over where the memory is not there, whatever the budget says', () => {
    const small = { totalBytes: 16 * GiB, forProjectBytes: 9 * GiB };
    expect(judgeDemand(sumLimits(model), { memoryBytes: 44 * GiB, over: 'warn' }, small)).toEqual([
      { what: 'free memory', message: "15GiB memory, 6GiB over the host's free 9GiB" },
    ]);
  });
});

describe('a measurement', () => {
  it('[K12] is shown as a table with its totals', () => {
    const row = {
      service: 'api',
      cpu: '12.34%',
      mem: '10MiB / 1GiB',
      mem_pct: '0.98%',
      cpus: 0.1234,
      memory_bytes: 10485760,
      memory_limit_bytes: GiB,
    };
    const services = [
      { container: 'k2-api-1', ...row },
      { container: 'k2-clickhouse-1', ...row, service: 'clickhouse', cpu: '101.00%' },
    ];
    const totals = { cpus: 1.1334, memory_bytes: 20971520, services: 2, containers: 2 };
    expect(usageTable({ phase: 'redpanda', timestamp: '', services, totals })).toBe(
      [
        '=== Phase redpanda Resource Summary ===',
        'NAME               CPU %  MEM USAGE / LIMIT',
        'k2-api-1          12.34%  10MiB / 1GiB',
        'k2-clickhouse-1  101.00%  10MiB / 1GiB',
        'total            113.34%  20MiB',
        '',
        'Service count: 2',
      ].join('\n'),
    );
  });

  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [12_943_360, '12.34MiB'],
    [5 * GiB, '5GiB'],
  ])('writes %i bytes as %s', (bytes, text) => {
    expect(showBytes(bytes)).toBe(text);
  });
});
