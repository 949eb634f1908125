import { describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';

const roots = ['activities', 'client', 'journal', 'runbook', 'worker', 'workflows'];

/** Files of the product, each with the files that it imports from, types included. */
async function imports(): Promise<Map<string, string[]>> {
  const names = await Promise.all(
    roots.map(async (root) => (await readdir(root, { recursive: true })).map((name) => posix.join(root, name))),
  );
  const files = new Set(names.flat().filter((name) => name.endsWith('.ts')));
  const found = new Map<string, string[]>();
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const targets = [...text.matchAll(/^(?:import|export)\s[^;'"]*?from '(\.[^']+)'|^import '(\.[^']+)'/gm)]
      .map(([, from, alone]) => posix.join(posix.dirname(file), from ?? alone ?? ''))
      .filter((target) => files.has(target));
    found.set(file, targets);
  }
  return found;
}

/** Groups in which each reaches each other, by the algorithm of Tarjan. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): number => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) low.set(node, Math.min(low.get(node)!, visit(next)));
      else if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, index.get(next)!));
    }
    if (low.get(node) === index.get(node)) {
      const group = stack.splice(stack.indexOf(node));
      if (group.length > 1) found.push(group.sort());
    }
    return low.get(node)!;
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

describe('imports', () => {
  it('are found, and a circle among them is', async () => {
    const graph = await imports();
    expect(graph.get('runbook/operations.ts')).toEqual(['runbook/operations/index.ts']);
    const planted = new Map([...graph, ['runbook/operations/index.ts', ['runbook/operations.ts']]]);
    expect(circles(planted)).toEqual([['runbook/operations.ts', 'runbook/operations/index.ts']]);
  });

  it('go in no circle from file to file, types included', async () => {
    expect(circles(await imports())).toEqual([]);
  });
});
