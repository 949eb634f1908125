import { parseEnv } from 'node:util';
import type { CompiledPlan, StackRef } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { referencesIn } from '../../runbook/plan/secret-reference.ts';
import { storeKindOf } from '../../runbook/stores/index.ts';
import { learnSecrets } from '../masking/index.ts';
import { readServedFile, requireServedFile, usualFolders, type ServedFolders } from './secret-file.ts';

export interface SecretSource {
  environment: NodeJS.ProcessEnv;
  /**
   * Names (with `*` as a wildcard) that plans may refer to: the worker's own configuration, never the plan's. Absent: those that the
   * stack's active env file sets, with the values that stand there.
   */
  allowed?: readonly string[] | undefined;
  /** Folders whose files plans may refer to, relative ones from the stack's folder. Absent: `usualFolders`. */
  folders?: readonly string[] | undefined;
}

type Place = Pick<StackRef, 'directory' | 'env' | 'cloneOf'>;

/**
 * Resolves `${env:NAME}` (the worker's environment, then the stack's active env file) and `${file:PATH}` (relative to the stack;
 * a trailing newline is dropped). The result exists for the time of use only.
 * @throws SwitchbackError `AccessDenied` for a name or file that the worker does not serve, `PreconditionFailed` for one that is not set.
 */
export async function resolveSecrets(template: string, stack: Place, source: SecretSource): Promise<string> {
  let resolved = '';
  let from = 0;
  for (const { kind, name, start, end } of referencesIn(template)) {
    const value = kind === 'env' ? await fromEnvironment(name, stack, source) : await fromFile(name, stack, source);
    // From here on nothing that is said may show it.
    learnSecrets(value);
    resolved += template.slice(from, start) + value;
    from = end;
  }
  return resolved + template.slice(from);
}

/**
 * Looks at every reference of a plan before anything is done for it.
 * @throws SwitchbackError `AccessDenied` for the first that this worker does not serve; whether it is set is found out when it is used
 */
export async function requireServed(plan: CompiledPlan, source: SecretSource): Promise<void> {
  const { stack, stores, clusters = {}, repository, encrypt } = plan;
  const templates = [
    ...Object.values(stores).flatMap((ref) => storeKindOf(ref).secrets(ref)),
    ...Object.values(clusters).map(({ kubeconfig }) => kubeconfig),
    ...[repository?.password, ...Object.values(repository?.environment ?? {}), encrypt?.identity],
  ];
  for (const { kind, name } of templates.flatMap((template) => referencesIn(template ?? ''))) {
    if (kind === 'env') await requireServedName(name, stack, source);
    else await requireServedFile('the secret file', name, served(stack, source));
  }
}

async function fromEnvironment(name: string, stack: Place, source: SecretSource): Promise<string> {
  await requireServedName(name, stack, source);
  // What the env file alone allows has the env file's value: else its names could ask for the worker's own variables.
  const own = source.allowed === undefined ? undefined : source.environment[name];
  const value = own ?? (await envFileOf(stack, source))[name];
  if (value === undefined) {
    throw new SwitchbackError('PreconditionFailed', `the secret \${env:${name}} is not set where the worker runs`, {
      hint: `Set ${name} in the worker's environment${stack.env === undefined ? '' : ` or in ${stack.env}`}.`,
    });
  }
  return value;
}

async function requireServedName(name: string, stack: Place, source: SecretSource): Promise<void> {
  const { allowed } = source;
  const is = allowed
    ? allowed.some((pattern) => matches(pattern, name))
    : Object.hasOwn(await envFileOf(stack, source), name);
  if (is) return;
  const inFile = stack.env === undefined ? '' : `, or set ${name} in ${stack.env}`;
  throw new SwitchbackError('AccessDenied', `this worker does not serve the secret ${name}`, {
    hint: allowed
      ? `Add ${name} to SWITCHBACK_SECRETS of the worker, and start the worker again.`
      : `Start the worker with SWITCHBACK_SECRETS=${name} (names separated by commas) and ${name} in its environment${inFile}.`,
    facts: { secret: name },
  });
}

async function envFileOf(stack: Place, source: SecretSource): Promise<Record<string, string>> {
  if (stack.env === undefined) return {};
  try {
    const { folders = [] } = source;
    const own = { ...source, folders: ['.', ...folders] };
    return parseEnv(await readServedFile('the env file', stack.env, served(stack, own))) as Record<string, string>;
  } catch (error) {
    const { cause } = error as Error;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return {};
    throw error;
  }
}

async function fromFile(path: string, stack: Place, source: SecretSource): Promise<string> {
  return (await readServedFile('the secret file', path, served(stack, source))).replace(/\r?\n$/, '');
}

/** A clone uses the secrets of the stack that it is made from. */
const served = ({ directory, cloneOf }: Place, { folders = usualFolders }: SecretSource): ServedFolders => ({
  stack: directory,
  folders: cloneOf ? [...folders, cloneOf.directory] : folders,
});

function matches(pattern: string, name: string): boolean {
  return new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(name);
}
