import { describeWal } from '../../activities/wal/index.ts';
import type { Answer } from '../command-line/answer.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { formatAge, formatDuration, formatMoment } from '../rendering/duration.ts';
import { formatBytes } from '../rendering/quantity.ts';
import type { Page } from '../rendering/style.ts';
import { table } from '../rendering/table.ts';
import { formatSkew } from '../../runbook/point-set.ts';
import { pointNamed, pointsAtHome, type PointView } from './points-at-home.ts';

const columns = [
  { title: 'point', gives: true },
  { title: 'of' },
  { title: 'state' },
  { title: 'taken' },
  { title: 'size', align: 'right' as const },
  { title: 'proven' },
  { title: 'restores in', align: 'right' as const },
  { title: 'kept because' },
];

/** What scripts get of a point: all but how it is stored. */
export const documentOf = ({ entry: _entry, manifest, ...view }: PointView) => ({
  ...view,
  ...(manifest && {
    identity: manifest.source.identity,
    kind: manifest.source.kind,
    run: manifest.run,
    operation: manifest.operation,
    quiesce: manifest.quiesce,
    engine: manifest.engine ?? null,
    sealedAt: manifest.sealedAt ?? null,
    verifiedAt: manifest.verifiedAt ?? null,
    seal: manifest.seal ?? null,
    repository: manifest.at?.repository.at ?? null,
    snapshot: manifest.at?.snapshot ?? null,
  }),
  ageSeconds: view.takenAt === undefined ? null : Math.round((Date.now() - Date.parse(view.takenAt)) / 1000),
  pinned: view.pin !== undefined,
});

export async function listBackups(options: EveryOption, context: Context): Promise<Answer> {
  const { target, points } = await pointsAtHome(options, context);
  const now = new Date();
  const followed = points.some(({ wal }) => wal !== undefined);
  return {
    data: { target, points: points.map(documentOf) },
    lines: (page) =>
      points.length === 0
        ? [`${target} has no recovery points`]
        : table(
            followed ? [...columns, { title: 'any moment until' }] : columns,
            points.map((view) => [
              view.point,
              view.resource,
              painted(view, page),
              view.takenAt === undefined ? '' : formatAge(view.takenAt, now),
              view.bytes === undefined ? '' : formatBytes(view.bytes),
              view.proof ? `${formatAge(view.proof.at, now)}${view.proof.expired ? ', expired' : ''}` : '',
              view.proof ? formatDuration(view.proof.tookMs) : '',
              [...(view.pin ? ['pinned'] : []), ...(view.needed === undefined ? [] : ['a rollback may need it'])].join(
                ', ',
              ),
              ...(followed ? [view.wal ? reachOf(view.wal, now, page) : ''] : []),
            ]),
            page,
          ),
    next:
      points.length === 0
        ? [{ type: 'switchback backup create', why: 'back up all that the plan names, and test it' }]
        : [{ type: `switchback backup show ${points[0]!.point}`, why: 'all that is known of a point' }],
  };
}

/** Until when its log goes, and whether it goes on. In its first seconds it has begun, and reaches nowhere yet. */
export function reachOf(
  { to, state }: Pick<NonNullable<PointView['wal']>, 'to' | 'state'>,
  now: Date,
  { style }: Page,
): string {
  if (to === undefined) return state === 'following' ? 'beginning' : style.yellow('no log');
  if (state === 'following') return formatAge(to, now);
  return style.yellow(`${formatMoment(to)}, ${state === 'ended' ? 'ended' : 'stands still'}`);
}

const bad: readonly PointView['state'][] = ['failed', 'damaged', 'swapped', 'gone'];

/** A dump that was whole and could not be restored as a test. */
const isUnrestorable = ({ state, problem }: Pick<PointView, 'state' | 'problem'>) =>
  state === 'failed' && / cannot be restored: /.test(problem ?? '');

export function painted(view: Pick<PointView, 'state' | 'problem'>, { style }: Page): string {
  const { state } = view;
  if (isUnrestorable(view)) return style.red('not restorable');
  if (bad.includes(state)) return style.red(state);
  return state === 'restore-tested' ? style.green(state) : state === 'interrupted' ? style.yellow(state) : state;
}

export async function showBackup(typed: string, options: EveryOption, context: Context): Promise<Answer> {
  const here = await pointsAtHome(options, context);
  const view = pointNamed(typed, here);
  return {
    data: { target: here.target, ...documentOf(view), manifest: view.manifest ?? null },
    lines: (page) => pointPage(view, here.home.points, page),
    ...(view.manifest && {
      next: [
        { type: `switchback backup verify ${view.point}`, why: 'read every byte of it again' },
        { type: `switchback backup test ${view.point}`, why: 'restore it into a scratch place, and compare' },
      ],
    }),
  };
}

function pointPage(view: PointView, folder: string, page: Page): string[] {
  const { style } = page;
  const { manifest, proof, pin, set } = view;
  const now = new Date();
  const line = (name: string, text: string) => `  ${name.padEnd(12)}${text}`;
  return [
    `${style.bold(view.point)} ${painted(view, page)}`,
    ...(view.problem === undefined ? [] : [style.red(line('problem', view.problem))]),
    ...(manifest
      ? [
          line('of', `${manifest.source.resource} (${manifest.source.identity})`),
          line(
            'taken',
            `${formatMoment(manifest.startedAt)} (${formatAge(manifest.startedAt, now)}), ${manifest.quiesce}`,
          ),
          line('by', `${manifest.operation} of ${manifest.run}`),
          ...(manifest.engine ? [line('written by', `${manifest.engine.name} ${manifest.engine.version}`)] : []),
          line(
            'size',
            manifest.at
              ? `${formatBytes(view.bytes ?? 0)} new to the repository`
              : `${formatBytes(view.bytes ?? 0)} in ${manifest.parts.length} file${manifest.parts.length === 1 ? '' : 's'}`,
          ),
          ...(manifest.at
            ? [line('kept in', `${manifest.at.repository.at}, snapshot ${manifest.at.snapshot.slice(0, 12)}`)]
            : []),
          ...(manifest.encrypted ? [line('encrypted', `to ${manifest.encrypted.to.join(', ')}`)] : []),
          line('seal', manifest.seal ?? 'none'),
          ...canaryLines(manifest.canary).map((text) => line('canary', text)),
          line('verified', manifest.verifiedAt === undefined ? 'never' : formatAge(manifest.verifiedAt, now)),
        ]
      : []),
    ...(proof
      ? [
          line(
            'proven',
            `${formatAge(proof.at, now)}${proof.expired ? style.yellow(' (expired)') : ''}, in ${proof.where}`,
          ),
          line('restores in', formatDuration(proof.tookMs)),
          ...proof.compared.map((what) => line('compared', what)),
        ]
      : manifest
        ? [line('proven', style.yellow('never restored as a test'))]
        : []),
    ...(view.wal
      ? [
          line('log', view.wal.state === 'following' ? describeWal(view.wal) : style.yellow(describeWal(view.wal))),
          line('', formatBytes(view.wal.bytes)),
        ]
      : []),
    ...(set
      ? [line('set', formatSkew(set)), ...set.points.map(({ point, resource }) => line('', `${resource}: ${point}`))]
      : []),
    ...(pin ? [line('pinned', `by ${pin.by}${pin.reason === undefined ? '' : `: ${pin.reason}`}`)] : []),
    ...(view.needed === undefined ? [] : [line('needed', view.needed)]),
    style.dim(line('in', `${folder}/${view.point}`)),
  ];
}

/** What the plan's own queries gave at backup time, where the point is of a store that has some. */
function canaryLines({ queries }: NonNullable<PointView['manifest']>['canary']): string[] {
  const { answers = [] } = (queries ?? {}) as { answers?: { title?: string; query: string; value: string | null }[] };
  return answers.map(({ title, query, value }) => `${title ?? query.trim().replace(/\s+/g, ' ')}: ${value ?? 'null'}`);
}
