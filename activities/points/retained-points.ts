import type { RetainedPoint } from '../../runbook/retention.ts';
import { readPin } from './pin-point.ts';
import { listPoints, type StoredPoint } from './read-point.ts';

/** What a point takes on disk, or what it added to its repository. */
export const bytesIn = ({ manifest: { at, parts } }: Pick<StoredPoint, 'manifest'>) =>
  at?.addedBytes ?? parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** All points of a target as retention sees them: neither those that are being written nor those that are being removed. */
export async function retainedPoints(pointsRoot: string): Promise<RetainedPoint[]> {
  const found: RetainedPoint[] = [];
  for (const { ref, point, problem } of await listPoints(pointsRoot)) {
    const id = `${ref.run}/${ref.point}`;
    if (point === undefined) {
      if (problem === 'interrupted' || problem === 'expired') continue;
      found.push({ id, resource: id, kind: '', state: 'damaged', takenAt: 0, bytes: 0, pinned: false });
      continue;
    }
    const { state, source, startedAt } = point.manifest;
    found.push({
      id,
      resource: source.resource,
      kind: source.kind,
      // Without its name's `.partial` it was sealed; whoever wrote otherwise into its manifest has damaged it.
      state: state === 'writing' ? 'damaged' : state,
      takenAt: Date.parse(startedAt),
      bytes: bytesIn(point),
      pinned: (await readPin(point)) !== undefined,
    });
  }
  return found;
}
