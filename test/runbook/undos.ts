import type { Effect, Undo } from '../../runbook/operations.ts';

/** An undo by an operation, as a handler prepares it. */
export const undoBy = (kind: string, input: object, lossy = false): Undo =>
  ({ by: 'operation', summary: `undo ${kind}`, lossy, kind, input, effects: [] }) as unknown as Undo;

export const undoSql = undoBy('applySql', { store: 'db', source: { digest: 'd' }, transactional: true, expand: false });
export const lossySql: Undo = { ...undoSql, lossy: true } as Undo;
export const undoImage = (service: string) => undoBy('switchImage', { service, image: `${service}:1` });
export const impossible: Undo = { by: 'impossible', summary: 'dropped', cause: 'the column is gone' };
export const writes = (...resources: string[]): Effect[] =>
  resources.map((resource) => ({ resource, change: 'update' as const }));
