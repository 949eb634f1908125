import type { Measure } from './measurement.ts';

/** A query's single value, as text, is what the plan expects. */
export const checkSql: Measure<'sql'> = async (check, instruments, signal) => {
  const found = (await instruments.query(check.store, check.query, signal)).trim();
  return found === check.expect.trim()
    ? { verdict: 'successful', detail: `gives ${short(found)}` }
    : { verdict: 'failed', detail: `gives ${short(found)}, expected ${short(check.expect)}` };
};

const short = (value: string) => (value.length > 80 ? `${value.slice(0, 80)}…` : value);
