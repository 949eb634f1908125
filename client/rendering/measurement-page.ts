import type { Measurement } from '../../activities/resources/measure-services.ts';
import { formatMoment } from './duration.ts';
import { formatBytes } from './quantity.ts';
import type { Page } from './style.ts';
import { table } from './table.ts';

const right = { align: 'right' as const };

/** One measurement, service by service. */
export function measurementPage({ phase, timestamp, services, totals }: Measurement, page: Page): string[] {
  const rows = services.map((one) => [
    one.service,
    one.container,
    one.cpu,
    formatBytes(one.memory_bytes),
    one.memory_limit_bytes > 0 ? formatBytes(one.memory_limit_bytes) : '',
    one.mem_pct,
  ]);
  const sum = [
    'total',
    `${totals.containers} containers`,
    `${(totals.cpus * 100).toFixed(2)}%`,
    formatBytes(totals.memory_bytes),
    '',
    '',
  ];
  const columns = [
    { title: 'service' },
    { title: 'container', gives: true },
    { title: 'cpu', ...right },
    { title: 'memory', ...right },
    { title: 'limit', ...right },
    { title: 'used', ...right },
  ];
  return [`${page.style.bold(phase)}, ${formatMoment(timestamp)}`, ...table(columns, [...rows, sum], page)];
}

const change = (from: number | undefined, to: number) =>
  from === undefined || from === 0 ? '' : `${to >= from ? '+' : ''}${Math.round(((to - from) / from) * 100)} %`;

/** The measurements of all phases, each against the first. */
export function measurementsPage(all: readonly Measurement[], page: Page): string[] {
  if (all.length === 0) return ['no phase has left a measurement yet'];
  const [first] = all;
  const rows = all.map(({ phase, timestamp, totals }, index) => [
    phase,
    formatMoment(timestamp),
    String(totals.services),
    totals.cpus.toFixed(2),
    index === 0 ? '' : change(first?.totals.cpus, totals.cpus),
    formatBytes(totals.memory_bytes),
    index === 0 ? '' : change(first?.totals.memory_bytes, totals.memory_bytes),
  ]);
  const columns = [
    { title: 'phase' },
    { title: 'measured' },
    { title: 'services', ...right },
    { title: 'cpus', ...right },
    { title: '', ...right },
    { title: 'memory', ...right },
    { title: '', ...right },
  ];
  return table(columns, rows, page);
}
