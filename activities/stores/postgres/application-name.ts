import { createHash } from 'node:crypto';

/** PostgreSQL cuts `application_name` at 63 bytes. */
const longest = 63;
/** Room for the attempt: eight digits and a little. */
const forAttempt = 9;

/** Who a connection works for. */
export interface Worker {
  run: string;
  operation: string;
  attempt: number;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 10);
const printable = (text: string) => text.replace(/[^\x21-\x7e]/g, '_');

/**
 * `switchback/<run>/<operation>/`: what all connections of all attempts of one operation begin with. Ids too long for
 * PostgreSQL are cut, and a digest of both keeps them apart.
 */
export function applicationPrefix(run: string, operation: string): string {
  const whole = `switchback/${printable(run)}/${printable(operation)}/`;
  if (whole.length + forAttempt <= longest) return whole;
  const room = longest - forAttempt - 'switchback//~0123456789/'.length;
  const ofRun = Math.min(run.length, Math.floor(room / 3));
  return `switchback/${printable(run).slice(0, ofRun)}/${printable(operation).slice(-(room - ofRun))}~${digest(`${run}\n${operation}`)}/`;
}

/** The `application_name` of a connection: `pg_stat_activity` tells by it whose it is, and a successor ends it by it. */
export const applicationName = (worker: Worker) =>
  `${applicationPrefix(worker.run, worker.operation)}${worker.attempt}`;
