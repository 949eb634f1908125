import { resolve } from 'node:path';
import { targetPattern } from '../../runbook/names.ts';
import type { Context, EveryOption } from '../command-line/context.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { readText } from '../plan-file/read-text.ts';

export const defaultPlanFile = 'switchback.yml';

export const planFileOf = (options: Pick<EveryOption, 'plan'>, { cwd }: Pick<Context, 'cwd'>) =>
  resolve(cwd, options.plan ?? defaultPlanFile);

/** Which target is meant. */
export interface Place {
  target: string;
  /** The host whose worker does the target's work; unknown without a plan. */
  homeHost?: string;
}

/**
 * The target that is meant: `--target`, or the one of the plan file in this folder. Only the plan's place is read, so that a plan
 * which is being edited, and is wrong somewhere, does not keep anybody from looking at its run.
 * @throws UsageError when neither says which
 */
export async function locate(
  options: Pick<EveryOption, 'plan' | 'target'>,
  context: Pick<Context, 'cwd'>,
): Promise<Place> {
  const file = planFileOf(options, context);
  const peeked = await peek(file);
  const target = options.target ?? (typeof peeked === 'object' ? peeked.target : undefined);
  if (target === undefined) {
    const why = typeof peeked === 'string' ? `${file} ${peeked}` : `${file} does not say stack.project`;
    throw new UsageError(
      `which target is meant? ${why}`,
      'Go to the folder of the plan, name it by --plan, or name the target by --target.',
    );
  }
  if (!targetPattern.test(target))
    throw new UsageError(
      `${JSON.stringify(target)} is not the name of a target`,
      'It is the name of the Compose project.',
    );
  // The plan of one target says nothing about where another one is at home.
  const homeHost = typeof peeked === 'object' && peeked.target === target ? peeked.homeHost : undefined;
  return { target, ...(homeHost !== undefined && { homeHost }) };
}

/** `stack.project` and `stack.host` of a plan file, or why they cannot be read. */
async function peek(file: string): Promise<{ target?: string; homeHost: string } | string> {
  const read = await readText(file);
  if ('problem' in read) return read.detail;
  // Most who name the target have no plan at hand: they do not wait for the library to load.
  const [{ isMap, isScalar }, { parseYaml }] = await Promise.all([
    import('yaml'),
    import('../plan-file/parse-yaml.ts'),
  ]);
  const stack = parseYaml(read.text, { aliases: false }).document?.get('stack', true);
  if (!isMap(stack)) return 'has no stack';
  const word = (key: string) => {
    const node = stack.get(key, true);
    return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  };
  const target = word('project');
  return { homeHost: word('host') ?? 'local', ...(target !== undefined && { target }) };
}
