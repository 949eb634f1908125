import { measureUsage } from '../docker/index.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { showBytes } from './show-bytes.ts';
import { composeLabel } from '../compose/index.ts';

/** One container, in the words of `docker stats` and in numbers. */
export interface ServiceUsage {
  container: string;
  service: string;
  /** Of one CPU, e.g. `12.34%`. */
  cpu: string;
  /** Use and limit, e.g. `12.34MiB / 512MiB`. */
  mem: string;
  mem_pct: string;
  cpus: number;
  memory_bytes: number;
  memory_limit_bytes: number;
}

/** What stands in a measurement's file: the format of the measurement scripts that people have, with totals. */
export interface Measurement {
  phase: string;
  timestamp: string;
  services: ServiceUsage[];
  /** `finished`: services that have ended with 0, as set-up jobs do; absent in measurements of older workers. */
  totals: { cpus: number; memory_bytes: number; services: number; containers: number; finished?: number };
}

/** Measures every running container of a project, over about a second. */
export async function measureServices(
  engine: DockerEngine,
  project: string,
  phase: string,
  options: CallOptions = {},
): Promise<Measurement> {
  const containers = (await engine.listByLabel({ [composeLabel.project]: project }, options)).filter(
    ({ State, Labels }) => State === 'running' && Labels[composeLabel.oneOff] !== 'True',
  );
  const usage = await measureUsage(
    engine,
    containers.map(({ Id }) => Id),
    options,
  );
  const services = containers
    .flatMap(({ Id, Names, Labels }): ServiceUsage[] => {
      const found = usage.find(({ id }) => id === Id);
      // It ended while it was measured.
      if (!found) return [];
      const { cpus = 0, memoryBytes = 0, memoryLimitBytes = 0 } = found;
      const share = memoryLimitBytes > 0 ? memoryBytes / memoryLimitBytes : 0;
      return [
        {
          container: (Names[0] ?? Id).replace(/^\//, ''),
          service: Labels[composeLabel.service] ?? '',
          cpu: `${(cpus * 100).toFixed(2)}%`,
          mem: `${showBytes(memoryBytes)} / ${showBytes(memoryLimitBytes)}`,
          mem_pct: `${(share * 100).toFixed(2)}%`,
          cpus: Math.round(cpus * 10_000) / 10_000,
          memory_bytes: memoryBytes,
          memory_limit_bytes: memoryLimitBytes,
        },
      ];
    })
    .sort((a, b) => (a.container < b.container ? -1 : 1));
  const sum = (pick: (row: ServiceUsage) => number) => services.reduce((total, row) => total + pick(row), 0);
  return {
    phase,
    timestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    services,
    totals: {
      cpus: Math.round(sum((row) => row.cpus) * 10_000) / 10_000,
      memory_bytes: sum((row) => row.memory_bytes),
      services: new Set(services.map(({ service }) => service)).size,
      containers: services.length,
    },
  };
}

/** The measurement as a table for people, with the totals on the last lines. */
export function usageTable(measurement: Measurement): string {
  const { services, totals, phase } = measurement;
  const rows = [
    ['NAME', 'CPU %', 'MEM USAGE / LIMIT'],
    ...services.map(({ container, cpu, mem }) => [container, cpu, mem]),
  ];
  rows.push(['total', `${(totals.cpus * 100).toFixed(2)}%`, showBytes(totals.memory_bytes)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `${row[0]!.padEnd(widths[0]!)}  ${row[1]!.padStart(widths[1]!)}  ${row[2]!}`);
  const { finished = 0 } = totals;
  const count = `Service count: ${totals.services}${finished === 0 ? '' : ` running, ${finished} finished`}`;
  return [`=== Phase ${phase} Resource Summary ===`, ...lines, '', count].join('\n');
}
