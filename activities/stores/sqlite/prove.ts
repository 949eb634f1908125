import type { DockerEngine } from '../../docker/index.ts';
import type { PointProver } from '../../points/index.ts';
import { useForProof } from '../proof-use.ts';
import { readCanary, readContent, requireSameContent } from './content.ts';
import { openDatabase, runWithPoint } from './run-script.ts';
import { proveScript } from './scripts.ts';

/** Restores a point into a scratch file, checks that it is whole, and compares it with what was backed up. */
export const sqliteProver = (engine: DockerEngine): PointProver => ({
  kind: 'sqlite',
  async prove(point, context) {
    const canary = readCanary(point.manifest.canary);
    const database = await openDatabase(engine, useForProof(point, context));
    const started = performance.now();
    context.progress({ doing: `restoring ${point.manifest.point} into a scratch file` });
    const answer = await runWithPoint(database, point, { script: proveScript, alone: true });
    const compared = requireSameContent(canary, readContent(answer));
    return { tookMs: Math.round(performance.now() - started), where: 'a scratch file', compared };
  },
});
