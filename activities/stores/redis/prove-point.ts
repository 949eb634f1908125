import { dataFolder, type PointProver } from '../../points/index.ts';
import { useForProof } from '../proof-use.ts';
import { compareWithCanary, readCanary, takeCensus } from './canary.ts';
import { withScratchServer } from './scratch-server.ts';

/** Proves points: loads the snapshot in a server of this host, and compares every key with what was backed up. */
export const redisProver: PointProver = {
  kind: 'redis',
  prove: async (point, context) => {
    const use = useForProof(point, context);
    const canary = readCanary(point.manifest.canary);
    const folder = dataFolder(point);
    const started = performance.now();
    return withScratchServer({ folder, ...canary }, use, async (scratch) => {
      const tookMs = Math.round(performance.now() - started);
      const census = await takeCensus(scratch, use, 'comparing keys');
      const compared = await compareWithCanary(census, canary, folder);
      return { tookMs, where: 'a server of this host', compared };
    });
  },
};
