import { execa as plainExeca, type Options, type ResultPromise } from 'execa';
import { markVariables } from './mark.ts';

/** execa, with every child carrying the mark of the operation that it works for. Adapters start processes with nothing else. */
export function execa<O extends Options>(file: string, args: readonly string[], options: O): ResultPromise<O> {
  const marked: O = { ...options, env: { ...options.env, ...markVariables() } };
  return plainExeca(file, args, marked) as unknown as ResultPromise<O>;
}
export { ExecaError } from 'execa';
export type { Options, ResultPromise } from 'execa';
