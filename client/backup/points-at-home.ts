import {
  bytesIn,
  listPoints,
  readPin,
  type Pin,
  type PointEntry,
  type PointManifest,
} from '../../activities/points/index.ts';
import { readWal, type WalSpan } from '../../activities/wal/index.ts';
import { knownPoints, lostPoints, type KnownPoint } from '../../runbook/lost-points.ts';
import { momentOf, pointSet, type PointSet } from '../../runbook/point-set.ts';
import { neededPoints } from '../../runbook/retention.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { TargetHome } from '../../journal/target-home.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { requireLocalTarget, sealedPlan, type LocalTarget } from '../runs/local-target.ts';
import { locate } from '../settings/locate.ts';

/** What a recovery point is good for, by all that this machine knows of it. */
export interface PointView {
  /** `RUN/POINT`. */
  point: string;
  resource: string;
  /** The manifest's state, or what is wrong: `interrupted`, `expired`, `damaged`, `swapped`, `gone`. */
  state: PointManifest['state'] | 'interrupted' | 'expired' | 'damaged' | 'swapped' | 'gone';
  problem?: string;
  takenAt?: string;
  bytes?: number;
  proof?: NonNullable<PointManifest['proof']> & { expired: boolean };
  pin?: Pin;
  /** Why a prune would leave it. */
  needed?: string;
  set?: PointSet;
  /** The moments that its log can bring it to. */
  wal?: WalSpan;
  manifest?: PointManifest;
  entry?: PointEntry;
}

/** The points of a target as they lie on this machine. */
export interface PointsAtHome {
  target: string;
  home: TargetHome;
  local: LocalTarget;
  /** How long a proof counts, in seconds: what the newest plan says. */
  proofAgeSeconds: number;
  /** Newest first. */
  points: PointView[];
  known: Map<string, KnownPoint>;
}

/** As long as a plan that says nothing. */
const usualProofAge = 24 * 3600;

/** Reads what is on disk; asks neither Temporal nor a worker. @throws SwitchbackError `PreconditionFailed` on another machine */
export async function pointsAtHome(
  options: Pick<EveryOption, 'plan' | 'target'>,
  context: Context,
): Promise<PointsAtHome> {
  const { target } = await locate(options, context);
  const local = await requireLocalTarget(target, context.settings);
  const proofAgeSeconds = await sealedPlan(local, context.settings).then(
    (plan) => plan.proofAgeSeconds,
    () => usualProofAge,
  );
  const known = knownPoints(local.state);
  const needed = neededPoints(local.state);
  const entries = await listPoints(local.home.points);
  const views: PointView[] = [];
  for (const entry of entries) {
    const wal = entry.point && (await readWal(local.home, entry.point.manifest));
    views.push({ ...(await viewOf(entry, known, needed, proofAgeSeconds)), ...(wal && { wal }) });
  }
  for (const { id, resource } of lostPoints(local.state, new Set(views.map(({ point }) => point)))) {
    const problem = 'the journal knows it, nobody pruned it, and it is not there';
    views.push({ point: id, resource, state: 'gone', problem, ...why(needed, id) });
  }
  for (const view of views) {
    const set = setOf(view, views, local);
    if (set && set.points.length > 1) view.set = set;
  }
  const order = ({ takenAt = '' }: PointView) => takenAt;
  return {
    target,
    home: local.home,
    local,
    proofAgeSeconds,
    known,
    points: views.sort((a, b) => (order(a) < order(b) ? 1 : order(a) > order(b) ? -1 : a.point < b.point ? -1 : 1)),
  };
}

const why = (needed: ReadonlyMap<string, string>, id: string) => {
  const reason = needed.get(id);
  return reason === undefined ? {} : { needed: reason };
};

async function viewOf(
  entry: PointEntry,
  known: ReadonlyMap<string, KnownPoint>,
  needed: ReadonlyMap<string, string>,
  proofAgeSeconds: number,
): Promise<PointView> {
  const { ref, point, problem } = entry;
  const id = `${ref.run}/${ref.point}`;
  const journalled = known.get(id);
  if (!point) {
    const state = problem === 'interrupted' || problem === 'expired' ? problem : 'damaged';
    return {
      point: id,
      resource: journalled?.resource ?? '',
      state,
      ...(problem !== undefined && state === 'damaged' ? { problem } : {}),
      ...why(needed, id),
      entry,
    };
  }
  const { manifest } = point;
  const { proof, failure, source, startedAt, seal } = manifest;
  const swapped = journalled?.seal !== undefined && journalled.seal !== seal;
  const pin = await readPin(point);
  return {
    point: id,
    resource: source.resource,
    state: swapped ? 'swapped' : manifest.state,
    ...(swapped
      ? { problem: 'it is not the one that the journal saw sealed: another backup was put in its place' }
      : failure
        ? { problem: failure.why }
        : {}),
    takenAt: startedAt,
    bytes: bytesIn(point),
    ...(proof && { proof: { ...proof, expired: Date.now() - Date.parse(proof.at) > proofAgeSeconds * 1000 } }),
    ...(pin && { pin }),
    ...why(needed, id),
    manifest,
    entry,
  };
}

/** Points that were taken together: as the journal says, or those of one phase of one run. */
function setOf({ manifest }: PointView, views: readonly PointView[], { state }: LocalTarget): PointSet | undefined {
  if (!manifest) return undefined;
  const recorded = state.sets.get(manifest.run);
  if (recorded) return recorded;
  const stageOf = (operation: string) => operation.slice(0, operation.lastIndexOf('/'));
  return pointSet(
    views.flatMap((other) =>
      other.manifest?.run === manifest.run && stageOf(other.manifest.operation) === stageOf(manifest.operation)
        ? [momentOf(other.manifest)]
        : [],
    ),
  );
}

/** The point that was typed: `RUN/POINT`, or the newest one of that name. @throws UsageError that lists what there is */
export function pointNamed(typed: string, { points, target }: PointsAtHome): PointView {
  const found = typed.includes('/')
    ? points.find(({ point }) => point === typed)
    : points.find(({ point, state }) => point.endsWith(`/${typed}`) && state !== 'interrupted' && state !== 'expired');
  if (found) return found;
  const shown = points.slice(0, 5).map(({ point }) => point);
  throw new UsageError(
    `${target} has no recovery point ${typed}`,
    shown.length === 0
      ? 'It has none at all: `switchback backup create`.'
      : `Among those that it has: ${shown.join(', ')}.`,
  );
}

/** @throws SwitchbackError `PreconditionFailed` for one whose manifest cannot be read */
export function requireStored(view: PointView): NonNullable<PointEntry['point']> {
  if (view.entry?.point) return view.entry.point;
  throw new SwitchbackError('PreconditionFailed', `recovery point ${view.point} is ${view.state}`, {
    hint: view.problem ?? 'It was never sealed, or is being removed.',
  });
}
