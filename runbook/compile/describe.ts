import { describeCheck } from '../checks.ts';
import type { CompiledPhase, CompiledPlan } from '../compiled-plan.ts';
import type { Budget } from '../operations.ts';
import { formatSize } from '../plan/size.ts';
import { describeOperation } from './describe-operation.ts';
import type { PhaseDescription, PlanDescription } from './plan-description.ts';
import { storeKindOf } from '../stores/index.ts';

/** What `switchback plan` prints: pure, from the compiled plan alone. */
export function describePlan(plan: CompiledPlan): PlanDescription {
  const phases = plan.phases.map(describePhase);
  const count = (of: (phase: PhaseDescription) => number) => phases.reduce((sum, phase) => sum + of(phase), 0);
  const { baseline, objectives, stack } = plan;
  return {
    name: plan.name,
    title: plan.title,
    target: plan.target,
    digest: plan.digest,
    stack,
    stores: Object.entries(plan.stores).map(([name, store]) => ({
      name,
      kind: store.kind,
      reachedBy: storeKindOf(store).reachedBy(store),
    })),
    protect: plan.protect.map(describeProtected),
    repository: describeRepository(plan),
    baseline: {
      compose: baseline.compose,
      ...(baseline.env === undefined ? {} : { env: baseline.env }),
      ...(baseline.tag === undefined ? {} : { tag: baseline.tag }),
      ...(baseline.services === undefined ? {} : { services: baseline.services }),
      checks: baseline.verify.map(describeCheck),
    },
    objectives: {
      ...objectives,
      total: objectives.detection + objectives.decision + objectives.execution + objectives.verification,
    },
    contacts: plan.contacts,
    proofAgeSeconds: plan.proofAgeSeconds,
    before: plan.before.map(describeOperation),
    phases,
    totals: {
      operations:
        plan.before.length + count(({ stages }) => stages.reduce((sum, { operations }) => sum + operations.length, 0)),
      approvals: count(({ approvals }) => approvals.length),
      points: count(({ points }) => points.length),
      noWayBack: count(({ noWayBack }) => noWayBack.length),
      discards: count(({ discards }) => discards.length),
    },
  };
}

function describeRepository({ repository, encrypt, homeHost }: CompiledPlan): string {
  if (repository) return `restic in ${repository.at}`;
  const keys = encrypt?.to.length ?? 0;
  return `a folder of host ${homeHost}${keys === 0 ? '' : `, encrypted to ${keys} key${keys === 1 ? '' : 's'}`}`;
}

function describePhase(phase: CompiledPhase): PhaseDescription {
  const { verify: _checks, rehearsal: _rehearsal, stages, checkpoint, ...rest } = phase;
  const operations = stages.flatMap((stage) => stage.operations);
  const approvals = stages.flatMap((stage) => stage.approvals.map(({ role }) => role));
  const budget = operations.find((operation) => operation.kind === 'checkBudget')?.input.budget;
  const tag = operations.find((operation) => operation.kind === 'tagCheckpoint')?.input.tag;
  return {
    ...rest,
    ...(checkpoint === undefined
      ? {}
      : { checkpoint: checkpoint.env === undefined ? checkpoint.compose : `${checkpoint.compose}, ${checkpoint.env}` }),
    stages: stages.map((stage) => ({
      stage: stage.stage,
      operations: stage.operations.map(describeOperation),
      approvals: stage.approvals.map(({ role }) => role),
    })),
    points: operations.flatMap((operation) => {
      if (operation.kind === 'backupVolume')
        return [{ id: operation.input.point, of: `volume ${operation.input.volume}` }];
      return operation.kind === 'backupStore'
        ? [{ id: operation.input.point, of: `store ${operation.input.store}` }]
        : [];
    }),
    approvals,
    rehearses: stages.some((stage) => stage.rehearsal !== undefined),
    ...(budget === undefined ? {} : { budget: describeBudget(budget) }),
    ...(tag === undefined ? {} : { tag }),
    noWayBack: operations.flatMap(({ id, summary, undo }) =>
      undo.by === 'impossible' ? [{ operation: id, summary, cause: undo.cause }] : [],
    ),
    discards: operations.flatMap(({ id, undo }) =>
      undo.by === 'operation' && undo.lossy ? [{ operation: id, summary: undo.summary }] : [],
    ),
    unwatched: operations.flatMap((operation) =>
      operation.kind === 'runContainer' && operation.effects.some(({ resource }) => resource.startsWith('store:'))
        ? [{ operation: operation.id, summary: operation.summary }]
        : [],
    ),
  };
}

function describeProtected(resource: CompiledPlan['protect'][number]): string {
  if ('volume' in resource) return `volume ${resource.volume}`;
  if ('path' in resource) return `path ${resource.path}`;
  if ('network' in resource) return `network ${resource.network}`;
  const added = resource.allow === 'expand' ? ', may be added to' : '';
  return `tables ${resource.tables.join(', ')} of ${resource.store}${added}`;
}

function describeBudget({ cpus, memoryBytes, services, over }: Budget): string {
  const parts = [
    ...(cpus === undefined ? [] : [`${cpus} CPUs`]),
    ...(memoryBytes === undefined ? [] : [`${formatSize(memoryBytes)} of memory`]),
    ...(services === undefined ? [] : [`${services} services`]),
  ];
  return `${parts.join(', ') || 'the free memory'}; when over: ${over}`;
}
