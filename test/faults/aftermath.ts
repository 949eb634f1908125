import { readdir } from 'node:fs/promises';
import { docker } from '../../examples/demo/docker.ts';
import type { Place } from '../../examples/demo/place.ts';
import { readJournal, targetHome } from '../../journal/index.ts';
import type { OperationKind } from '../../runbook/operations.ts';

/** Their effects name ports and commits, which no two copies of the shop share. */
const itsOwn: readonly OperationKind[] = ['applyCheckpoint', 'runChecks', 'tagCheckpoint', 'recordBefore'];

/** What a run did, without times: each operation that was begun, how it ended, how often that was written down, and its effect. */
export async function projection(place: Place): Promise<string[]> {
  const { state, records } = await readJournal(targetHome(place.project, { SWITCHBACK_HOME: place.home }).journal);
  const receipts = records.flatMap((record) => (record.type === 'receipt' ? [record.operation] : []));
  return [...state.operations.values()]
    .map(({ operation, status, receipt }) => {
      const count = receipts.filter((id) => id === operation.id).length;
      const digest = itsOwn.includes(operation.kind) ? '' : ` effect:${receipt?.effectDigest.slice(0, 12)}`;
      return `${operation.id} ${status} receipts:${count}${digest}`;
    })
    .sort();
}

/** SQL steps by the database's own account: what stands in the ledger was committed. */
export const ledger = (place: Place) =>
  docker([
    'exec',
    `${place.project}-db-1`,
    'psql',
    '-U',
    'postgres',
    '-d',
    'shop',
    '-Atc',
    'select operation, count(*) from switchback.ledger group by 1 order by 1',
  ]);

/** What must not be there once a run has ended: helpers, scratch databases, half-written files. */
export async function leftovers(place: Place): Promise<string[]> {
  const containers = await docker([
    'ps',
    '--all',
    '--format',
    '{{.Names}}',
    '--filter',
    `label=io.switchback.target=${place.project}`,
  ]);
  const databases = await docker([
    'exec',
    `${place.project}-db-1`,
    'psql',
    '-U',
    'postgres',
    '-Atc',
    `select datname from pg_database where datname like 'switchback%'`,
  ]);
  const files = await readdir(targetHome(place.project, { SWITCHBACK_HOME: place.home }).root, { recursive: true });
  return [
    ...containers.split('\n'),
    ...databases.split('\n'),
    ...files.filter((file) => file.includes('.partial')),
  ].filter((name) => name !== '');
}
