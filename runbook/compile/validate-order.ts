import type { Finding, PlanPath } from '../plan/index.ts';
import { didYouMean } from '../plan/index.ts';
import { stepsOf } from './named-files.ts';
import type { Scope } from './scope.ts';

/** Ids that stand twice, and needs that cannot be met: phases and steps run in the order in which they are written. */
export function validateOrder({ plan, declared }: Scope): Finding[] {
  const phases = plan.phases.map((phase, index) => ({
    id: phase.id,
    needs: phase.needs,
    path: ['phases', index] as PlanPath,
  }));
  const optional = new Set(plan.phases.filter((phase) => phase.optional).map(({ id }) => id));
  const weak = plan.phases.flatMap((phase, index) =>
    phase.optional
      ? []
      : phase.needs.flatMap((need, at): Finding[] =>
          optional.has(need)
            ? [
                {
                  path: ['phases', index, 'needs', at],
                  severity: 'warning',
                  message: `\`${phase.id}\` needs \`${need}\`, which is optional: where that is left out, this cannot run`,
                  hint: `Make \`${phase.id}\` optional too, or \`${need}\` not.`,
                },
              ]
            : [],
        ),
  );
  const steps = plan.phases.flatMap((phase, index) => {
    const found = stepsOf(phase, ['phases', index]).map(({ step, path }) => ({ id: step.id, needs: step.needs, path }));
    const ids = found.flatMap(({ id }) => (id === undefined ? [] : [id]));
    return orderFindings(found, ids, 'step', `steps of \`${phase.id}\` with an id`);
  });
  return [...orderFindings(phases, declared.phases, 'phase', 'phases'), ...weak, ...steps];
}

interface Ordered {
  id: string | undefined;
  needs: string[];
  path: PlanPath;
}

function orderFindings(items: Ordered[], declared: string[], what: string, plural: string): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, number>();
  items.forEach(({ id, path }, index) => {
    if (id === undefined) return;
    if (seen.has(id)) {
      findings.push({
        path: [...path, 'id'],
        severity: 'error',
        message: `there is another ${what} \`${id}\` before`,
        hint: 'Give each an id of its own.',
      });
    } else seen.set(id, index);
  });
  const inCycle = new Set<string>();
  items.forEach(({ id, needs, path }, index) => {
    needs.forEach((need, at) => {
      const error = (message: string, hint: string): void => {
        findings.push({ path: [...path, 'needs', at], severity: 'error', message, hint });
      };
      const other = seen.get(need);
      if (need === id) error(`\`${need}\` needs itself`, 'Remove it.');
      else if (other === undefined) {
        if (!declared.includes(need)) {
          const known = [...new Set([...seen.keys(), ...declared])].filter((each) => each !== id);
          error(`there is no ${what} \`${need}\``, known.length === 0 ? 'Remove it.' : didYouMean(need, known, plural));
        }
      } else if (other > index && id !== undefined) {
        const circle = wayBack(items, seen, need, id);
        if (circle === undefined)
          error(
            `\`${need}\` comes after \`${id}\`, which needs it`,
            `Put \`${need}\` first: the order in the plan is the order in which it runs.`,
          );
        else if (!inCycle.has(id)) {
          for (const member of circle) inCycle.add(member);
          error(`these need each other: ${[id, ...circle].join(' → ')}`, 'Remove one of these needs.');
        }
      } else if (other > index) error(`\`${need}\` comes after the ${what} that needs it`, `Put \`${need}\` first.`);
    });
  });
  return findings;
}

/** The needs that lead from one item to another, both included; undefined when none do. */
function wayBack(items: Ordered[], seen: Map<string, number>, from: string, to: string): string[] | undefined {
  const ways: string[][] = [[from]];
  const visited = new Set([from]);
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? '';
    if (last === to) return way;
    for (const need of items[seen.get(last) ?? -1]?.needs ?? []) {
      if (visited.has(need)) continue;
      visited.add(need);
      ways.push([...way, need]);
    }
  }
  return undefined;
}
