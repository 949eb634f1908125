import { isCollection, isMap, isNode, isPair, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { PlanPath } from '../../runbook/plan/index.ts';

/** A stretch of the text. */
export interface Span {
  start: number;
  end: number;
}

function spanOf(node: unknown): Span | undefined {
  if (!isNode(node) || !node.range) return undefined;
  return { start: node.range[0], end: Math.max(node.range[1], node.range[0] + 1) };
}

function pairAt(node: unknown, key: string | number) {
  return isMap(node)
    ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
    : undefined;
}

function childAt(node: unknown, key: string | number): unknown {
  if (isSeq(node)) return typeof key === 'number' ? node.items[key] : undefined;
  return pairAt(node, key)?.value;
}

/**
 * Where a place of the plan stands in its text. A place that is not there is shown at what should hold it: at its key, or,
 * for an entry of a list, at the entry's beginning.
 */
export function locate(document: Document.Parsed, path: PlanPath, at: 'key' | 'value' = 'value'): Span {
  let node: unknown = document.contents;
  let best: Span = firstKey(node) ?? { start: 0, end: 1 };
  for (const [index, key] of path.entries()) {
    const pair = pairAt(node, key);
    const child = childAt(node, key);
    const last = index === path.length - 1;
    if (isPair(pair)) {
      const keySpan = spanOf(pair.key);
      if (last) {
        const scalar = isScalar(child) && child.value !== null ? spanOf(child) : undefined;
        // A collection is named by its key: its own first line is often one below.
        return (at === 'value' ? (scalar ?? keySpan) : keySpan) ?? best;
      }
      best = keySpan ?? best;
    } else if (child === undefined) return best;
    else best = firstKey(child) ?? spanOf(child) ?? best;
    node = child;
  }
  return best;
}

/** The first key of a mapping: a better mark than the whole mapping. */
function firstKey(node: unknown): Span | undefined {
  if (!isCollection(node)) return undefined;
  if (isMap(node)) return spanOf(node.items[0]?.key) ?? spanOf(node);
  const span = spanOf(node);
  return span && { start: span.start, end: span.start + 1 };
}

/** All text of the plan with where it stands, for what looks at every value. */
export function* scalars(
  node: unknown,
  path: PlanPath = [],
): Generator<{ path: PlanPath; key: string; value: string; node: Node }> {
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      yield* scalars(pair.value, [...path, key]);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) yield* scalars(item, [...path, index]);
  } else if (isScalar(node) && (typeof node.value === 'string' || typeof node.value === 'number')) {
    const key = [...path].reverse().find((part): part is string => typeof part === 'string') ?? '';
    yield { path, key, value: String(node.value), node };
  }
}
