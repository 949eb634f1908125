import { notOneQuery, readSql, sqlIsAdditive } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/index.ts';
import { didYouMean, dockerName } from '../plan/index.ts';
import { sqlText, unknownService, unknownStore } from '../steps/index.ts';
import { declaredStores, type Scope } from './scope.ts';
import { storeKindOf } from '../stores/index.ts';

/** Stores and volumes that nobody knows, backups that stand twice, comparisons that do more than read. */
export function validateData(scope: Scope): Finding[] {
  return [
    ...storeFindings(scope),
    ...protectFindings(scope),
    ...scope.placed.flatMap((phase) => phaseFindings(scope, phase)),
  ];
}

/** A store's service must be in some checkpoint: the new database of a migration is not in the baseline. */
function storeFindings({ frame, placed, declared }: Scope): Finding[] {
  if (declared.checkpointsUnsure) return [];
  const checkpoints = [
    frame.baseline,
    ...placed.flatMap(({ dual, final, steps }) => [dual, final, ...steps.map(({ next }) => next)]),
  ];
  return Object.entries(frame.stores).flatMap(([name, { service }]) => {
    if (service === undefined) return [];
    const known = checkpoints.some((each) => each !== undefined && unknownService(service, each, []).length === 0);
    return known ? [] : unknownService(service, frame.baseline, ['stores', name, 'service']);
  });
}

function protectFindings(scope: Scope): Finding[] {
  return scope.plan.protect.flatMap((resource, index): Finding[] => {
    if ('store' in resource) return unknownStore(resource.store, storesOf(scope), ['protect', index, 'store']);
    if ('volume' in resource) {
      return unknownVolume(scope, resource.volume, scope.placed.length, ['protect', index, 'volume']);
    }
    return [];
  });
}

/** Servers of some kinds cannot be backed up; for the others, the volume that is exchanged is found by the container of the service. */
function physicalFindings(
  { frame }: Scope,
  { store, method }: { store: string; method: 'logical' | 'physical' },
  path: PlanPath,
): Finding[] {
  const ref = frame.stores[store];
  if (method !== 'physical' || ref === undefined) return [];
  if (!storeKindOf(ref).wholeServer) {
    return [
      {
        path,
        severity: 'error',
        message: `the store \`${store}\` is of ${storeKindOf(ref).title}, which has no physical backups`,
        hint: 'Leave `method` out.',
      },
    ];
  }
  if (ref.url === undefined) return [];
  return [
    {
      path,
      severity: 'error',
      message: `the store \`${store}\` is reached by URL: nobody knows the volume of its server`,
      hint: 'Name its `service`, `database` and `user` instead of the `url`, or leave `method` out.',
    },
  ];
}

/** The log is written by a receiver of physical backups, on and on, into a folder of the home. */
function pointInTimeFindings(
  { plan }: Scope,
  { store, method, pointInTime }: { store: string; method: 'logical' | 'physical'; pointInTime?: boolean },
  path: PlanPath,
): Finding[] {
  if (!pointInTime) return [];
  if (method !== 'physical') {
    return [
      {
        path,
        severity: 'error',
        message: `a dump of \`${store}\` cannot be brought to a later moment: only a physical backup can`,
        hint: 'Add `method: physical`, or leave `pointInTime` out.',
      },
    ];
  }
  if (plan.repository?.kind !== 'restic') return [];
  return [
    {
      path,
      severity: 'error',
      message: `the log of \`${store}\` cannot be followed into a repository of restic`,
      hint: 'Leave `pointInTime` out, or keep recovery points in the home: `repository: { kind: folder }`.',
    },
  ];
}

function phaseFindings(scope: Scope, { phase, path, steps }: Scope['placed'][number]): Finding[] {
  const seen = new Set<string>();
  const backups = phase.backup.flatMap((backup, index): Finding[] => {
    const at: PlanPath = [...path, 'backup', index];
    const key = 'volume' in backup ? `volume ${backup.volume}` : `store ${backup.store}`;
    const twice: Finding[] = seen.has(key)
      ? [
          {
            path: at,
            severity: 'error',
            message: `the ${key} is backed up twice in \`${phase.id}\``,
            hint: 'Remove one of them.',
          },
        ]
      : [];
    seen.add(key);
    if ('store' in backup) {
      return [
        ...twice,
        ...unknownStore(backup.store, storesOf(scope), [...at, 'store'], 'backup'),
        ...physicalFindings(scope, backup, [...at, 'method']),
        ...pointInTimeFindings(scope, backup, [...at, 'pointInTime']),
      ];
    }
    return [
      ...twice,
      ...writtenMeanwhile(backup, at),
      ...unknownVolume(scope, backup.volume, Number(path[1]), [...at, 'volume']),
    ];
  });
  const dualRun = phase.dualRun;
  const comparisons = (dualRun?.compare ?? []).flatMap((pair, index) =>
    (['left', 'right'] as const).flatMap((side): Finding[] => {
      const at: PlanPath = [...path, 'dualRun', 'compare', index, side];
      const wrong = pair[side].query === undefined ? undefined : notOneQuery(pair[side].query, scope.frame.sql);
      return [
        ...unknownStore(pair[side].store, storesOf(scope), [...at, 'store'], 'compare'),
        ...(wrong === undefined
          ? []
          : [
              {
                path: [...at, 'query'],
                severity: 'error' as const,
                message: `the query ${wrong}`,
                hint: 'A comparison runs one query that only reads.',
              },
            ]),
      ];
    }),
  );
  const every: Finding[] =
    dualRun?.every !== undefined && dualRun.every * (dualRun.pass - 1) > dualRun.for
      ? [
          {
            path: [...path, 'dualRun', 'pass'],
            severity: 'error',
            message: `\`dualRun\` cannot pass: ${dualRun.pass} comparisons, one every ${dualRun.every} s, need longer than ${dualRun.for} s`,
            hint: 'Make `for` longer, or `every` or `pass` smaller.',
          },
        ]
      : [];
  const unsaved = steps.flatMap(({ step, context }): Finding[] => {
    if (!('sql' in step) || seen.has(`store ${step.sql}`) || step.undo !== undefined) return [];
    const text = sqlText(step.file === undefined ? { statement: step.statement ?? '' } : { file: step.file }, context);
    // What cannot run at all is said by the guard.
    if (
      text === undefined ||
      sqlIsAdditive(text, context.sql) ||
      readSql(text, context.sql).some(({ refusal }) => refusal)
    )
      return [];
    const what = readSql(text, context.sql).flatMap(({ effects }) =>
      effects.filter(({ how }) => how !== 'adds').map(({ action }) => action),
    );
    return [
      {
        path: context.path,
        at: 'key',
        severity: 'warning',
        message: `this cannot be taken back: it does more than add (${what[0] ?? 'what it does is hidden'}), has no \`undo\`, and \`${step.sql}\` is not backed up`,
        hint: `Add an \`undo\`, or \`backup: [{ store: ${step.sql} }]\` to the phase.`,
      },
    ];
  });
  return [...backups, ...comparisons, ...every, ...unsaved];
}

/** Files that a database writes to while they are copied need not fit together. */
function writtenMeanwhile({ volume, quiesce }: { volume: string; quiesce: string }, at: PlanPath): Finding[] {
  if (quiesce !== 'none') return [];
  return [
    {
      path: [...at, 'quiesce'],
      severity: 'warning',
      message: `\`${volume}\` is copied while its services write to it: a database may not start from such a copy`,
      hint: '`stop` or `pause` its users; a database that is a store is dumped instead, and goes on.',
    },
  ];
}

const storesOf = (scope: Scope) => ({ stores: declaredStores(scope) });

/** A volume must be in the baseline, or in a checkpoint that came before the phase. */
function unknownVolume({ frame, placed, declared }: Scope, volume: string, phase: number, path: PlanPath): Finding[] {
  const before = [frame.baseline, ...placed.slice(0, phase).flatMap(({ dual, final }) => [dual, final])];
  const facts = before.flatMap((checkpoint) => (checkpoint?.facts === undefined ? [] : [checkpoint.facts]));
  if (declared.checkpointsUnsure || facts.length === 0 || facts.some(({ partial }) => partial)) return [];
  const volumes = facts.flatMap((each) => Object.values(each.volumes));
  const { project } = frame.stack;
  const names = [...new Set(volumes.map((each) => dockerName(project, each)))];
  // A name with a variable in it is known to Compose alone; the preflight looks for the volume itself.
  if (names.includes(volume) || names.some((name) => name.includes('$'))) return [];
  const byKey = volumes.find(({ key }) => key === volume);
  return [
    {
      path,
      severity: 'error',
      message: `no Compose file so far has a volume \`${volume}\``,
      hint:
        byKey === undefined
          ? didYouMean(volume, names, 'volumes')
          : `Docker calls it \`${dockerName(project, byKey)}\`.`,
    },
  ];
}
