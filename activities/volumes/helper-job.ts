import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { labels, operationObjectName } from '../../runbook/names.ts';
import type { DockerEngine, Labels } from '../docker/index.ts';
import { ensureHelperImage } from './helper-image.ts';
import type { Encryption } from '../encryption/index.ts';
import type { HelperJob } from './run-volume-helper.ts';

/** Whose helpers they are. */
export interface HelperOwner {
  target: string;
  runId: string;
  operationId: string;
  /** The target's folder for scratch data. */
  scratch: string;
  encryption?: Encryption;
  signal: AbortSignal;
  log(message: string): void;
}

/** Labels of everything that one operation makes. */
export function ownLabels(owner: Pick<HelperOwner, 'target' | 'runId' | 'operationId'>, role: string): Labels {
  return {
    [labels.target]: owner.target,
    [labels.run]: owner.runId,
    [labels.operation]: owner.operationId,
    [labels.role]: role,
  };
}

/** What helper containers of an operation need: the image, names and labels, a scratch folder. */
export async function helperJob(
  engine: DockerEngine,
  owner: HelperOwner,
  timeoutMs: number,
  onBytes?: (bytes: number) => void,
): Promise<HelperJob> {
  const { target, runId, operationId, signal } = owner;
  const scratch = join(owner.scratch, operationObjectName(target, runId, operationId, 'helper'));
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  return {
    engine,
    helper: await ensureHelperImage(engine, { signal, log: (message) => owner.log(message) }),
    nameOf: (role) => operationObjectName(target, runId, operationId, role),
    labels: ownLabels(owner, 'helper'),
    encryption: owner.encryption,
    scratch,
    timeoutMs,
    signal,
    onBytes,
  };
}
