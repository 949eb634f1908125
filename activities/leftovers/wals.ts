import type { CallOptions, DockerEngine } from '../docker/index.ts';
import type { TargetHome } from '../effect.ts';
import { listPoints } from '../points/index.ts';
import { describeWal, keepReceiver, orphanedWals, readWal, receiversOf, removeWal } from '../wal/index.ts';
import type { Leftover } from './leftover.ts';

/** Logs of points that are gone, and logs that stand still although their points may want them. */
export async function leftWals(
  engine: DockerEngine,
  of: { target: string; home: TargetHome },
  options: CallOptions = {},
): Promise<Leftover[]> {
  const orphaned = (await orphanedWals(engine, of, options)).map((ref): Leftover => ({
    what: `log of recovery point ${ref.run}/${ref.point}`,
    why: 'the point is not there, and its log is of no use without it',
    tidy: () => removeWal(engine, of, ref, options),
  }));
  const receivers = await receiversOf(engine, of.target, options);
  const standing: Leftover[] = [];
  for (const { point } of await listPoints(of.home.points)) {
    const span = point && (await readWal(of.home, point.manifest));
    if (!point || span?.state !== 'standing') continue;
    const id = `${point.manifest.run}/${point.manifest.point}`;
    const receiver = receivers.find((each) => each.point === id);
    standing.push({
      what: `log of recovery point ${id}`,
      why:
        receiver === undefined
          ? `its receiver is gone, and the log ends at ${span.to ?? span.from}: take a new backup`
          : describeWal(span),
      ...(receiver && {
        command: `docker start ${receiver.name}`,
        tidy: async () => {
          await keepReceiver(engine, receiver.id, options);
        },
      }),
    });
  }
  return [...orphaned, ...standing];
}
