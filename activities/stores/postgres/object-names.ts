import { createHash } from 'node:crypto';

/** PostgreSQL cuts names at 63 bytes. */
const longest = 63;

interface Owner {
  target: string;
  run: string;
  operation: string;
}

const digest = ({ target, run, operation }: Owner) =>
  createHash('sha256').update(`${target}\n${run}\n${operation}`).digest('hex').slice(0, 8);

/** Cut so that name and tail fit, and no character is cut in half. */
function fitting(name: string, tail: string, room = 0): string {
  let cut = name;
  while (Buffer.byteLength(cut + tail) + room > longest) cut = [...cut].slice(0, -1).join('');
  return cut + tail;
}

/** Databases that one operation restores into: each attempt adds its number, so that a dead attempt's children miss the next one's. */
export const incomingPrefix = (database: string, owner: Owner) => fitting(database, `__restore_${digest(owner)}_`, 6);

/** Where an operation keeps the database that it replaces. */
export function keptName(database: string, owner: Owner): string {
  const run = owner.run.replace(/[^A-Za-z0-9]+/g, '_').slice(-20);
  return fitting(database, `__replaced_${run}_${digest(owner)}`);
}

/** Scratch databases of one proof. */
export const scratchPrefix = (owner: Owner) => `switchback_scratch_${digest(owner)}_`;
