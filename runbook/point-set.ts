/** When the content of a recovery point was what it is: a moment, or a span where nothing kept it still. */
export interface PointMoment {
  /** `RUN/POINT`. */
  point: string;
  resource: string;
  /** ISO 8601. */
  from: string;
  to: string;
}

/** Points that were taken together, and how far apart in time their contents are. */
export interface PointSet {
  points: PointMoment[];
  earliest: string;
  latest: string;
  skewSeconds: number;
}

/** @returns undefined when there is no point */
export function pointSet(points: readonly PointMoment[]): PointSet | undefined {
  const [first] = points;
  if (!first) return undefined;
  const earliest = points.reduce((least, { from }) => (from < least ? from : least), first.from);
  const latest = points.reduce((most, { to }) => (to > most ? to : most), first.to);
  const skewSeconds = Math.round((Date.parse(latest) - Date.parse(earliest)) / 100) / 10;
  return { points: [...points], earliest, latest, skewSeconds };
}

export const formatSkew = ({ points, skewSeconds }: PointSet) =>
  points.length < 2
    ? 'a set of one: nothing to be apart from'
    : `the ${points.length} points of the set are up to ${skewSeconds} s apart`;

/**
 * The moment that a point is of. What was kept still is as it was when it became quiet, soon after the point was begun; what was not
 * may be of any moment until it was sealed.
 */
export function momentOf(manifest: {
  run: string;
  point: string;
  source: { resource: string };
  quiesce: string;
  startedAt: string;
  sealedAt?: string;
  canary: { [key: string]: unknown };
}): PointMoment {
  const { takenAt, endedAt } = manifest.canary;
  const at = typeof takenAt === 'string' && !Number.isNaN(Date.parse(takenAt)) ? new Date(takenAt).toISOString() : '';
  const from = at || manifest.startedAt;
  // What was copied while it was written to is of a moment within this span.
  const until = typeof endedAt === 'string' && endedAt > from ? endedAt : '';
  const to = until || at || (manifest.quiesce === 'none' ? (manifest.sealedAt ?? from) : from);
  return { point: `${manifest.run}/${manifest.point}`, resource: manifest.source.resource, from, to };
}
