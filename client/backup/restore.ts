import type { RestoreTo } from '../../runbook/backup-task.ts';
import { describeWal } from '../../activities/wal/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { formatSkew } from '../../runbook/point-set.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { formatAge, formatMoment } from '../rendering/duration.ts';
import { homeHostOf } from '../runs/home-host.ts';
import { readLocalTarget } from '../runs/local-target.ts';
import { locate } from '../settings/locate.ts';
import { readValidPlan } from '../settings/read-valid-plan.ts';
import type { BackupOptions } from './options.ts';
import { pointNamed, pointsAtHome, type PointView } from './points-at-home.ts';
import { runTask } from './run-task.ts';
import { pointHolds } from '../../runbook/stores/point-kind.ts';

/** Puts a point in the place of what it was taken of, or elsewhere, once that was confirmed. */
export async function restoreBackup(typed: string, options: BackupOptions, context: Context): Promise<Answer> {
  const to = whereTo(options);
  // A store to move to may stand in the plan only since the last run, which is what the worker would look at.
  const plan = to.intoStore === undefined ? undefined : (await readValidPlan(options, context)).compiled;
  const place = await locate(options, context);
  const { target } = place;
  const homeHost = await homeHostOf(place, context, undefined);
  // On another machine than the home host nothing is known of it before.
  const here = (await readLocalTarget(target, context.settings)) ? await pointsAtHome(options, context) : undefined;
  const view = here && pointNamed(typed, here);
  const point = view?.point ?? typed;
  if (view) requirePossible(view, to);
  if (view) for (const line of consequences(view, to)) context.note(line);
  await confirm(to.into ?? to.intoStore ?? view?.resource.replace(/^\w+:/, '') ?? point, options, context);
  return runTask(
    {
      target,
      homeHost,
      task: { do: 'restore', point, ...to },
      ...(plan && { plan }),
      next: [{ type: 'switchback backup list', why: 'recovery points; what was replaced is named above' }],
    },
    context,
  );
}

/** @throws UsageError for two places at once */
function whereTo({ into, intoStore, createRoles, at }: BackupOptions): RestoreTo {
  if (at !== undefined && (into !== undefined || intoStore !== undefined))
    throw new UsageError('either --at, or another place', 'A whole server is restored in its own place only.');
  if (into !== undefined && intoStore !== undefined) {
    throw new UsageError(
      'either --into, or --into-store',
      'One makes a new database, the other replaces that of a store.',
    );
  }
  return {
    ...(into === undefined ? {} : { into }),
    ...(intoStore === undefined ? {} : { intoStore }),
    ...(createRoles === true ? { createRoles } : {}),
    ...(at === undefined ? {} : { at: momentOf(at) }),
  };
}

const moment = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)$/;

/** @throws UsageError for a time that is none, or one of which nobody knows in which zone */
function momentOf(text: string): string {
  if (text === 'latest' || (moment.test(text) && !Number.isNaN(Date.parse(text)))) return text;
  throw new UsageError(
    `--at ${text} is no moment`,
    'Write it with its zone, like 2026-03-01T14:03:09Z or 2026-03-01T15:03:09.250+01:00; or latest.',
  );
}

/** What the worker refuses all the same, before anybody is asked. @throws UsageError, SwitchbackError `PreconditionFailed` */
function requirePossible(view: PointView, { at, into, intoStore }: RestoreTo): void {
  if (at !== undefined) requireWithin(view, at);
  if (isPhysical(view.manifest) && (into ?? intoStore) !== undefined)
    throw new UsageError(
      `${view.point} is of a whole server, and is restored in its own place only`,
      'Leave --into and --into-store out, or restore a logical backup elsewhere.',
    );
}

const isPhysical = (manifest: PointView['manifest']) =>
  manifest !== undefined && pointHolds(manifest.source.kind) === 'server';

function requireWithin({ point, wal }: PointView, at: string): void {
  const hint =
    'Ask for a moment within that, for --at latest, or for another recovery point: `switchback backup list`.';
  if (wal === undefined)
    throw new SwitchbackError('PreconditionFailed', `${point} has no log: it cannot be brought to ${at}`, { hint });
  const wanted = Date.parse(at);
  // One that has just passed is waited for.
  const last = wal.state === 'following' ? Date.now() : Date.parse(wal.to ?? '');
  const within = at === 'latest' ? wal.to !== undefined : wanted >= Date.parse(wal.from) && wanted <= last;
  if (within) return;
  throw new SwitchbackError('PreconditionFailed', `${point} cannot be brought to ${at}, but to ${describeWal(wal)}`, {
    hint,
  });
}

/** What is lost, and how far it is apart from its set: said before anything is done. */
function consequences(
  { point, resource, takenAt, set, proof, state, manifest, wal }: PointView,
  to: RestoreTo,
): string[] {
  const now = new Date();
  const others = set?.points.filter((other) => other.point !== point) ?? [];
  return [
    `restore ${point} ${placeOf(resource, to)}`,
    ...lostSince(to.at === undefined ? takenAt : to.at === 'latest' ? wal?.to : to.at, now),
    ...(wal?.to !== undefined && to.at === undefined ? [`  --at brings it to ${describeWal(wal)}`] : []),
    ...(set && others.length > 0
      ? [
          `  it was taken together with ${others.map((other) => other.resource).join(', ')}: ${formatSkew(set)}`,
          '  what is restored alone may not agree with the rest',
        ]
      : []),
    ...wholeServer(manifest),
    proof === undefined
      ? `  it is ${state}: it was never restored as a test`
      : `  it was restored as a test ${formatAge(proof.at, now)}${proof.expired ? ', which is longer ago than the plan lets count' : ''}`,
    '  what is replaced is kept, and the answer says where',
  ];
}

function lostSince(moment: string | undefined, now: Date): string[] {
  if (moment === undefined) return [];
  const since = formatAge(moment, now).replace(/ ago$/, '');
  return [`  it is of ${formatMoment(moment)}: what was written in the ${since} since is lost from it`];
}

function placeOf(resource: string, { into, intoStore }: RestoreTo): string {
  if (intoStore !== undefined) return `of ${resource} in the place of what store:${intoStore} holds`;
  if (into === undefined) return `in the place of ${resource}`;
  return resource.startsWith('store:') ? `as the new database ${into}` : `into volume ${into}`;
}

/** A physical backup takes everything on its server along. */
function wholeServer(manifest: PointView['manifest']): string[] {
  const { databases, database } = manifest?.canary ?? {};
  if (!isPhysical(manifest) || !Array.isArray(databases)) return [];
  const others = databases
    .map(String)
    .filter((name) => name !== database && name !== 'postgres' && name !== 'template1');
  return [
    '  it is of the whole server: its container is stopped, and its volume exchanged',
    others.length === 0
      ? '  roles and settings of the server go back too'
      : `  roles and settings of the server go back too, and the other databases on it: ${others.join(', ')}`,
  ];
}

/** @throws UsageError when nobody has confirmed it */
async function confirm(word: string, { yes }: BackupOptions, context: Context): Promise<void> {
  if (yes) return;
  if (!context.interactive) {
    throw new UsageError('a restore replaces data, and there is no terminal to ask on', 'Confirm it with --yes.');
  }
  const answer = await context.ask(`Type ${word} to restore it: `);
  if (answer.trim() !== word) throw new UsageError('not confirmed: nothing was changed');
}
