/** A place in the plan: keys and list positions from its root. */
export type PlanPath = (string | number)[];

/** Something wrong, or worth a second look, in a plan or in a file that it names. */
export interface Finding {
  path: PlanPath;
  severity: 'error' | 'warning';
  /** Lower-case; names the thing and the value. */
  message: string;
  /** A sentence that says what to do. */
  hint?: string;
  /** Whether the key or its value is meant. The value unless told. */
  at?: 'key' | 'value';
  /** The place in a file that the plan names, when the mistake is there: offset in characters. */
  inside?: { file: string; start: number; end: number };
}

/** `phases[0].steps[1].file` */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('');
}
