import { planSchema, type Plan, type PlanPath } from '../../runbook/plan/index.ts';
import type { Declared } from '../../runbook/compile.ts';
import { explainSchema, type SchemaFinding } from './explain-schema.ts';

export interface ParsedPlan {
  /** The plan, or as much of a broken one as can still be looked at; undefined when that is too little. */
  plan: Plan | undefined;
  findings: SchemaFinding[];
  declared: Declared;
  /** Translates a place in `plan` to the same place in the text, where broken entries of lists still count. */
  original(path: PlanPath): PlanPath;
}

/** What stands in for a required value that is missing or broken, so that the rest can be looked at. Never runs. */
const standIns: Record<string, unknown> = {
  switchback: 1,
  name: 'unnamed',
  id: 'unnamed',
  verify: [{ http: 'http://stand-in/' }],
  for: '1s',
  ref: 'HEAD',
  key: 'id',
  query: 'SELECT 1',
  expect: '1',
};

/**
 * Checks a value against the schema. When it is broken, what is wrong is cut out until the rest fits, so that mistakes of
 * other kinds in the rest are found in the same go.
 */
export function parsePlan(value: unknown): ParsedPlan {
  const declared = declaredNames(value);
  const indices = new WeakMap<object, number[]>();
  const first = planSchema.safeParse(value);
  if (first.success) return { plan: first.data, findings: [], declared, original: (path) => path };
  const findings = explainSchema(planSchema, first.error.issues, value);
  const root: unknown = structuredClone(value);
  const changed = new WeakSet<object>();
  let issues = findings;
  // Each round cuts at least one thing out of a finite value; the limit is against a stand-in that does not fit.
  for (let round = 0; round < 40; round++) {
    if (!cutOut(root, issues, indices, changed, declared)) break;
    const next = planSchema.safeParse(root);
    if (next.success)
      return { plan: next.data, findings, declared, original: (path) => translate(root, path, indices) };
    issues = explainSchema(planSchema, next.error.issues, root);
    // What only now comes to light, and is not our own cutting.
    for (const issue of issues) {
      const holder = valueOf(root, issue.path);
      const own = typeof holder === 'object' && holder !== null && changed.has(holder);
      if (issue.code === 'custom' && !own) findings.push({ ...issue, path: translate(root, issue.path, indices) });
    }
  }
  return { plan: undefined, findings, declared, original: (path) => path };
}

type Container = Record<string | number, unknown> | unknown[];

function valueOf(root: unknown, path: PlanPath): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined),
    root,
  );
}

/** Takes what is wrong out of the value. False when nothing more can be taken out. */
function cutOut(
  root: unknown,
  issues: SchemaFinding[],
  indices: WeakMap<object, number[]>,
  changed: WeakSet<object>,
  declared: Declared,
): boolean {
  const doomed = new Map<unknown[], Set<number>>();
  let did = false;
  for (const { path, message } of issues) {
    const at =
      message.endsWith(' is missing') && !Object.hasOwn(standIns, String(path.at(-1))) ? path.slice(0, -1) : path;
    const key = at.at(-1);
    const holder = valueOf(root, at.slice(0, -1)) as Container | undefined;
    if (key === undefined || typeof holder !== 'object') continue;
    changed.add(holder);
    if (
      at.some((part) => ['checkpoint', 'dualRun', 'baseline', 'steps', 'cutover', 'compose'].includes(String(part)))
    ) {
      declared.checkpointsUnsure = true;
    }
    did = true;
    if (Array.isArray(holder)) doomed.set(holder, (doomed.get(holder) ?? new Set()).add(Number(key)));
    else if (
      at.length === path.length &&
      Object.hasOwn(standIns, key) &&
      JSON.stringify(holder[key]) !== JSON.stringify(standIns[key])
    ) {
      // Unknown keys never have a stand-in's name: they would be known.
      holder[key] = standIns[key];
    } else Reflect.deleteProperty(holder, key);
  }
  for (const [list, gone] of doomed) {
    const kept = list.map((item, index) => ({ item, index })).filter(({ index }) => !gone.has(index));
    const before = indices.get(list);
    indices.set(
      list,
      kept.map(({ index }) => before?.[index] ?? index),
    );
    list.splice(0, list.length, ...kept.map(({ item }) => item));
  }
  return did;
}

function translate(root: unknown, path: PlanPath, indices: WeakMap<object, number[]>): PlanPath {
  let at = root;
  return path.map((key) => {
    const place = Array.isArray(at) && typeof key === 'number' ? (indices.get(at)?.[key] ?? key) : key;
    at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
    return place;
  });
}

function declaredNames(value: unknown): Declared {
  const phases = valueOf(value, ['phases']);
  const stores = valueOf(value, ['stores']);
  return {
    phases: Array.isArray(phases)
      ? phases.map((phase) => valueOf(phase, ['id'])).filter((id) => typeof id === 'string')
      : [],
    stores: typeof stores === 'object' && stores !== null ? Object.keys(stores) : [],
    checkpointsUnsure: false,
  };
}
