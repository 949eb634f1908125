import type { Check } from '../checks.ts';
import { describeCheck } from '../checks.ts';
import type { CompiledPhase, CompiledPlan } from '../compiled-plan.ts';
import type { Budget, Effect, Operation, PreflightCheck, Stage } from '../operations.ts';
import { formatSize } from '../plan/size.ts';

/** How an operation is taken back, for a reader. */
export interface UndoDescription {
  by: 'operation' | 'keeping' | 'nothing' | 'impossible';
  summary: string;
  /** It discards data and runs only with `--discard-data`; what was added stays otherwise. */
  lossy: boolean;
  /** Why there is no way back. */
  cause?: string;
}

export interface OperationDescription {
  id: string;
  kind: string;
  summary: string;
  /** What it touches, e.g. `replace service:api`. */
  effects: string[];
  /** Conditions and checks that it looks at, one line each. */
  looksAt: string[];
  undo: UndoDescription;
  host: string;
  timeoutSeconds: number;
}

export interface PhaseDescription {
  id: string;
  ordinal: number;
  title: string;
  risk: string;
  optional: boolean;
  needs: string[];
  owner?: string;
  estimateSeconds?: number;
  acceptance: string[];
  checkpoint?: string;
  onFailure: 'park' | 'rollback';
  stages: { stage: Stage; operations: OperationDescription[]; approvals: string[] }[];
  /** Recovery points that it makes before it acts: `orders-expanded-store-orders`. */
  points: { id: string; of: string }[];
  approvals: string[];
  budget?: string;
  tag?: string;
  /** Operations that cannot be taken back, and why: past them the only ways are forward or a restore. */
  noWayBack: { operation: string; summary: string; cause: string }[];
  /** Undos that would discard data, and therefore do not run by themselves. */
  discards: { operation: string; summary: string }[];
  /** Database credentials are within reach of these: what they do is detected, not prevented. */
  unwatched: { operation: string; summary: string }[];
}

/** Everything that would happen, and the way back from each of it, as data. */
export interface PlanDescription {
  name: string;
  title: string;
  target: string;
  digest: string;
  stack: { directory: string; project: string; compose: string; env?: string; switchBy: string; host: string };
  stores: { name: string; kind: string; reachedBy: string }[];
  protect: string[];
  baseline: { compose: string; env?: string; tag?: string; services?: number; checks: string[] };
  objectives: CompiledPlan['objectives'] & { total: number };
  contacts: CompiledPlan['contacts'];
  proofAgeSeconds: number;
  before: OperationDescription[];
  phases: PhaseDescription[];
  totals: { operations: number; approvals: number; points: number; noWayBack: number; discards: number };
}

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
      reachedBy:
        store.url === undefined ? `database ${store.database ?? ''} in the service ${store.service ?? ''}` : store.url,
    })),
    protect: plan.protect.map(describeProtected),
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

function describePhase(phase: CompiledPhase): PhaseDescription {
  const { verify: _checks, stages, checkpoint, ...rest } = phase;
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

function describeOperation(operation: Operation): OperationDescription {
  const { id, kind, summary, effects, undo, host, timeoutSeconds } = operation;
  return {
    id,
    kind,
    summary,
    effects: effects.map((effect: Effect) => `${effect.change} ${effect.resource}`),
    looksAt: looksAt(operation),
    undo: {
      by: undo.by,
      summary: undo.summary,
      lossy: undo.by === 'operation' && undo.lossy,
      ...(undo.by === 'impossible' ? { cause: undo.cause } : {}),
    },
    host,
    timeoutSeconds,
  };
}

function looksAt(operation: Operation): string[] {
  const lines = (checks: readonly Check[]) => checks.map(describeCheck);
  switch (operation.kind) {
    case 'runChecks':
      return lines(operation.input.checks);
    case 'watchBake':
      return [
        ...lines(operation.input.checks),
        ...operation.input.triggers.map(
          ({ healthFailures, decide }) => `${healthFailures} failed samples in a row: ${decide}`,
        ),
      ];
    case 'checkPreflight':
      return operation.input.checks.map(describePreflight);
    default:
      return [];
  }
}

function describePreflight(check: PreflightCheck): string {
  const files = (refs: { compose: string; env?: string }) =>
    refs.env === undefined ? refs.compose : `${refs.compose} and ${refs.env}`;
  switch (check.check) {
    case 'docker':
      return 'Docker and Compose answer';
    case 'checkpoint-files':
      return `${files(check)} are as they were sealed, and Compose accepts them`;
    case 'drift':
      return 'the active files hold what the last checkpoint put there';
    case 'images':
      return `every image of ${check.compose} is on the host`;
    case 'previous-tag':
      return `the tag ${check.tag} exists`;
    case 'tag-free':
      return `the tag ${check.tag} is free`;
    case 'git-clean':
      return `nothing uncommitted under ${check.paths.join(', ')}`;
    case 'store':
      return `the store ${check.store} answers`;
    case 'volume':
      return `the volume ${check.volume} exists and is the one that it was`;
    case 'room':
      return `there is room for the backups of ${[...check.volumes, ...check.stores].join(', ')}`;
    case 'checkpoint-change':
      return `${files(check)} would change no volume`;
    case 'steady':
      return `still true: ${check.checks.map(describeCheck).join('; ')}`;
  }
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
