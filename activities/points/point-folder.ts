import { join } from 'node:path';
import { SwitchbackError } from '../../runbook/errors.ts';

const safeId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,190}$/;

/** A recovery point by name: `run` makes it unique, so that a later run never writes over an earlier one's point. */
export interface PointRef {
  run: string;
  point: string;
}

/** Where a point is kept once it is sealed. */
export function pointFolder(pointsRoot: string, ref: PointRef): string {
  return join(pointsRoot, checkedId('run', ref.run), checkedId('point', ref.point));
}

/** Where a point is written until it is sealed. */
export const partialFolder = (pointsRoot: string, ref: PointRef) => `${pointFolder(pointsRoot, ref)}.partial`;

/** What a removed point is called until its bytes are gone. */
export const expiredSuffix = '.expired';
export const expiredFolder = (pointsRoot: string, ref: PointRef) => `${pointFolder(pointsRoot, ref)}${expiredSuffix}`;

export const manifestName = 'manifest.json';

function checkedId(what: string, id: string): string {
  if (safeId.test(id) && !id.endsWith('.partial') && !id.endsWith(expiredSuffix)) return id;
  throw new SwitchbackError('PlanInvalid', `${what} id ${JSON.stringify(id)} cannot be the name of a folder`, {
    hint: 'Use letters, digits, dots, underscores and hyphens, and a letter or digit first.',
  });
}

/** A part's path inside a point's folder. @throws `IntegrityFailed` when it would lead out of the folder. */
export function partPath(folder: string, file: string): string {
  const segments = file.split('/');
  if (segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')) return join(folder, file);
  throw new SwitchbackError('IntegrityFailed', `part ${JSON.stringify(file)} leads out of its recovery point`, {
    hint: 'The manifest was edited; do not restore from this point.',
  });
}
