import { describe, expect, it } from '@jest/globals';

import { stepOf } from '../../../runbook/break-glass/step-of.ts';
import { operationVersion, type Operation, type OperationInputs } from '../../../runbook/operations.ts';
import type { PointFiles } from '../../../runbook/break-glass/input.ts';
import { scriptInput } from './script-input.ts';

const restore = (input: Partial<OperationInputs['restoreStore']>, elsewhere?: Partial<PointFiles>) => {
  const operation = {
    ...{ id: 'rollback-1/01-restoreStore', kind: 'restoreStore', version: operationVersion.restoreStore },
    ...{ summary: 'restore store:db', input: { store: 'db', point: 'r1/a', ...input } },
  } as Extract<Operation, { kind: 'restoreStore' }>;
  const parts = ['backup_manifest', 'base.tar.zst', 'pg_wal.tar'].map((file) => ({
    file: `server/${file}`,
    sha256: 'a',
  }));
  const points = new Map([['r1/a', { folder: '/points/r1/a', parts, ...elsewhere }]]);
  return JSON.stringify(stepOf(operation, { ...scriptInput(), points }));
};

describe('a physical backup in a break-glass script', () => {
  it('is unpacked into a new volume, log and all, and never dumped into a database', () => {
    const step = restore({});
    expect(step).toContain('zstd --decompress --stdout /points/r1/a/server/base.tar.zst | tar --extract');
    expect(step).toContain('cat /points/r1/a/server/pg_wal.tar | tar --extract');
    expect(step).toContain('the whole server goes back, with every database on it');
    expect(step).not.toContain('pg_restore');
  });

  it('is fetched first where it lies in a repository', () => {
    const files = ['server/backup_manifest', 'server/base.tar.gz', 'server/pg_wal.tar.gz'];
    const step = restore({}, { parts: [], snapshot: { repository: '/repository', id: 'abc', files } });
    expect(step).toContain('restic --repo /repository restore abc:/dump --target ./db_fetched');
    expect(step).toContain('gzip --decompress --stdout ./db_fetched/server/base.tar.gz | tar --extract');
    expect(step).not.toContain('pg_restore');
  });

  it('is not unpacked where what it replaced is put back', () => {
    const step = restore({ putBack: { volume: 'shop_db', from: 'kept_db' } });
    expect(step).toContain('docker volume inspect kept_db');
    expect(step).not.toContain('base.tar');
  });
});
