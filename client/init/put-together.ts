import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';

import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson } from '../../runbook/json.ts';
import { parseYaml } from '../plan-file/parse-yaml.ts';
import type { AskDocker } from './ask-docker.ts';
import { composeFlags, type StackFiles } from './find-files.ts';

type Mapping = Record<string, unknown>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapping = (value: unknown): Mapping => (isMapping(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

interface Project {
  docker: AskDocker;
  directory: string;
  files: StackFiles;
  name: string;
}

/** Whether a project is said in more than one file: a checkpoint has to hold all of it, or there is no way back to it. */
export function isInSeveralFiles(documents: readonly unknown[]): boolean {
  return (
    documents.length > 1 ||
    documents.some((document) => {
      const services = Object.values(mapping(mapping(document)['services']));
      return (
        mapping(document)['include'] !== undefined ||
        services.some((service) => typeof mapping(mapping(service)['extends'])['file'] === 'string')
      );
    })
  );
}

/**
 * What several Compose files say together, as one file in which variables are still variables. Compose merges them; what it gets wrong
 * without values is put right from `model`, and the result has to mean the same as the files do.
 * @throws SwitchbackError `Unsupported` where it does not
 */
export async function putTogether(
  project: Project,
  model: Mapping,
  ownEnv: readonly IncludedEnv[] = [],
): Promise<string> {
  const { docker, directory, files, name } = project;
  const ask = { profiles: files.profiles.join(',') };
  const answer = await docker([...composeFlags(directory, files, name), 'config', '--no-interpolate'], ask);
  if ('problem' in answer) throw failed(files, answer.problem);
  const merged = mapping(parseYaml(answer.out, { aliases: true }).document?.toJS());
  const tidied = tidy(merged, model, directory, name);
  const text = `# What ${files.compose.join(', ')} say together, put into one file by \`switchback init\`, so that a checkpoint is complete.\n${stringify(tidied, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  const again = await docker(
    [...composeFlags(directory, { ...files, compose: ['-'] }, name), 'config', '--format', 'json'],
    { ...ask, input: text },
  );
  if ('problem' in again) throw failed(files, again.problem);
  const before = await docker([...composeFlags(directory, files, name), 'config', '--format', 'json'], ask);
  if ('problem' in before) throw failed(files, before.problem);
  const differ = differences(mapping(JSON.parse(before.out)), mapping(JSON.parse(again.out)));
  if (differ.length > 0)
    throw ownEnv.length > 0
      ? ownEnvFailed(files, ownEnv, differ)
      : failed(files, `it would change ${differ.join(', ')}`);
  return text;
}

/** Files that an `include` takes with an env file of their own. */
export interface IncludedEnv {
  path: string;
  env: string[];
}

export function includedEnvFiles(documents: readonly unknown[]): IncludedEnv[] {
  const texts = (value: unknown) =>
    typeof value === 'string' ? [value] : list(value).filter((each) => typeof each === 'string');
  return documents
    .flatMap((document) => list(mapping(document)['include']))
    .map(mapping)
    .map(({ path, env_file: env }) => ({ path: texts(path).join(', '), env: texts(env) }))
    .filter(({ env }) => env.length > 0);
}

function ownEnvFailed(files: StackFiles, own: readonly IncludedEnv[], differ: readonly string[]): SwitchbackError {
  const included = own.map(({ path, env }) => `${path} (${env.join(', ')})`).join(' and ');
  return new SwitchbackError(
    'Unsupported',
    `${files.compose.join(', ')} cannot be put into one file: it includes ${included} with an env file of its own, whose variables the one file does not get; that would change ${differ.join(', ')}`,
    {
      hint: `Copy the variables of ${own.flatMap(({ env }) => env).join(', ')} into ${files.env ?? '.env'} and take \`env_file\` out of the include, or write one Compose file by hand and give it by --file.`,
      facts: { files: files.compose.join(', '), env: own.flatMap(({ env }) => env).join(', ') },
    },
  );
}

function failed(files: StackFiles, why: string): SwitchbackError {
  return new SwitchbackError('Unsupported', `${files.compose.join(', ')} cannot be put into one file: ${why}`, {
    hint: 'A checkpoint is one Compose file that says everything: write it by hand, and give it by --file.',
    facts: { files: files.compose.join(', ') },
  });
}

/** Paths relative to the folder, names that follow from the project's left out, and binds as binds. */
function tidy(merged: Mapping, model: Mapping, directory: string, project: string): Mapping {
  const resolved = mapping(model['services']);
  const services = Object.entries(mapping(merged['services'])).map(([key, value]) => {
    const service = { ...mapping(value) };
    if (service['volumes'] !== undefined)
      service['volumes'] = bindsAsBinds(list(service['volumes']), list(mapping(resolved[key])['volumes']));
    if (isDeepStrictEqual(service['networks'], { default: null })) delete service['networks'];
    return [key, withRelativePaths(service, directory)] as const;
  });
  const resources = ['volumes', 'networks', 'configs', 'secrets'].flatMap((kind) => {
    const kept = Object.entries(mapping(merged[kind]))
      .map(([key, value]) => [key, withoutOwnName(key, mapping(value), project)] as const)
      .filter(([key, value]) => !(kind === 'networks' && key === 'default' && Object.keys(value).length === 0));
    return kept.length === 0 ? [] : [[kind, withRelativePaths(Object.fromEntries(kept), directory)] as const];
  });
  const others = Object.entries(merged).filter(([key]) => key.startsWith('x-'));
  return { services: Object.fromEntries(services), ...Object.fromEntries(resources), ...Object.fromEntries(others) };
}

function withoutOwnName(key: string, { name, ...rest }: Mapping, project: string): Mapping {
  return name === undefined || name === `${project}_${key}` ? rest : { ...rest, name };
}

/** Without a value, `${DATA}:/data` looks to Compose like a volume. */
function bindsAsBinds(written: unknown[], resolved: unknown[]): unknown[] {
  return written.map((entry, index) => {
    if (!isMapping(entry) || entry['type'] !== 'volume') return entry;
    if (typeof entry['source'] !== 'string' || !entry['source'].includes('$')) return entry;
    const known = written.length === resolved.length ? resolved[index] : undefined;
    if (mapping(known)['type'] !== 'bind') return entry;
    const { volume: _volume, ...rest } = entry;
    return { ...rest, type: 'bind', bind: { create_host_path: true } };
  });
}

const pathKeys = new Set(['source', 'path', 'context', 'file', 'dockerfile']);

function withRelativePaths(value: unknown, directory: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => withRelativePaths(entry, directory, key));
  if (isMapping(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, withRelativePaths(inner, directory, name)]),
    );
  if (typeof value !== 'string' || !pathKeys.has(key)) return value;
  if (value === directory) return '.';
  return value.startsWith(`${directory}/`) ? `./${value.slice(directory.length + 1)}` : value;
}

/** Places in which two models differ, as far as a person needs to find them. */
function differences(a: Mapping, b: Mapping): string[] {
  const inside = (kind: string) =>
    [...new Set([...Object.keys(mapping(a[kind])), ...Object.keys(mapping(b[kind]))])].flatMap((key) => {
      const [one, other] = [mapping(mapping(a[kind])[key]), mapping(mapping(b[kind])[key])];
      const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
      return keys
        .filter((name) => !isDeepStrictEqual(comparable(name, one[name]), comparable(name, other[name])))
        .map((name) => `${kind}.${key}.${name}`);
    });
  return ['services', 'volumes', 'networks', 'configs', 'secrets'].flatMap(inside);
}

const unordered = new Set(['ports', 'volumes', 'expose', 'env_file']);

/** Ports and volumes of merged files may stand in another order, which means nothing. */
const comparable = (name: string, value: unknown): unknown =>
  unordered.has(name) ? list(value).map(canonicalJson).sort() : (value ?? null);
