import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { requireKnownPoint, requireOpenable } from './known-point.ts';
import { bytesIn, findPoint, markFailed, markProven, verifyPoint } from '../points/index.ts';
import type { PointProver, ProofContext, StoredPoint } from '../points/index.ts';
import { endOlderWals, isFollowed } from '../wal/index.ts';
import { withFetched } from './fetched-point.ts';

/**
 * Proves a recovery point: reads every byte of it again, restores it into a scratch place, compares what came out, removes the
 * scratch place. A point that fails is marked so, and is never restored from.
 */
export function proveBackupHandler(deps: {
  engine: DockerEngine;
  provers: readonly PointProver[];
}): EffectHandler<'proveBackup'> {
  return {
    async prepare(input, context) {
      const point = await findPoint(context.home.points, input.point, context.runId);
      await requireKnownPoint(context, point.manifest);
      requireOpenable(context, point.manifest);
      proverOf(deps.provers, point.manifest.source.kind);
      return {
        undo: { by: 'nothing', summary: 'a proof leaves nothing behind' },
        facts: { point: `${point.manifest.run}/${point.manifest.point}` },
      };
    },

    // Proving again does no harm, and a proof that was cut short is no proof.
    observe: async () => 'absent',

    async perform(_input, context, prepared) {
      const found = await findPoint(context.home.points, prepared.facts['point'] as string, context.runId);
      const { source } = found.manifest;
      const total = bytesIn(found);
      let done = 0;
      const onBytes = (bytes: number) => {
        done += bytes;
        context.progress({ doing: 'reading every byte again', done, total, unit: 'bytes' });
      };
      const prove = async (read: StoredPoint) => {
        // A volume's snapshot has no parts: restic compares each piece with its hash while it is restored.
        const point = isSnapshotOfVolume(read) ? read : await verifyPoint(read, { signal: context.signal, onBytes });
        return proverOf(deps.provers, source.kind).prove(point, proofContext(context));
      };
      const proven = await (isSnapshotOfVolume(found) ? prove(found) : withFetched(deps.engine, found, context, prove))
        // Only a difference speaks against the point; a full disk or a dead daemon says nothing about it.
        .catch(async (error: unknown) => {
          const against = error instanceof SwitchbackError && error.name === 'ValidationMismatch';
          if (against) await markFailed(found, error.message);
          throw error;
        });
      const proof = { at: new Date().toISOString(), ...proven };
      const { manifest } = await markProven(found, proof);
      if (isFollowed(manifest)) await endOlderWals(deps.engine, context, source.resource, { signal: context.signal });
      const id = `${manifest.run}/${manifest.point}`;
      return {
        summary: `${source.resource}: recovery point ${manifest.point} restored into ${proof.where} in ${(proof.tookMs / 1000).toFixed(1)} s and compared`,
        facts: { point: id, seal: manifest.seal!, resource: source.resource, proof: { ...proof } },
        effect: { point: manifest.point, resource: source.resource, state: manifest.state },
      };
    },
  };
}

const isSnapshotOfVolume = ({ manifest: { at, source } }: StoredPoint) => at !== undefined && source.kind === 'volume';

function proverOf(provers: readonly PointProver[], kind: string): PointProver {
  const prover = provers.find((candidate) => candidate.kind === kind);
  if (prover) return prover;
  throw new SwitchbackError('Unsupported', `no way is known to prove a recovery point of ${kind}`, {
    hint: `Provable are: ${provers.map((candidate) => candidate.kind).join(', ')}.`,
  });
}

function proofContext(context: EffectContext<'proveBackup'>): ProofContext {
  const { target, runId, operation, attempt, epoch, plan, signal } = context;
  return {
    target,
    runId,
    operationId: operation.id,
    attempt,
    epoch,
    plan,
    home: context.home,
    scratch: context.home.scratch,
    timeoutMs: operation.timeoutSeconds * 1000,
    signal,
    progress: (progress) => context.progress(progress),
    secret: (template) => context.secret(template),
    log: (message) => context.log(message),
  };
}
