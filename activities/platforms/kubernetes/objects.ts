import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';

import { SwitchbackError } from '../../../runbook/errors.ts';
import { canonicalJson } from '../../../runbook/json.ts';
import {
  objectKey,
  readManifest,
  withoutServerFields,
  type ObjectName,
} from '../../../runbook/platforms/kubernetes.ts';
import { answered, type Kubectl, type KubectlOptions } from './kubectl.ts';

/** An object as the API gives it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid?: string; resourceVersion?: string; generation?: number; [key: string]: unknown };
  [key: string]: unknown;
}

export const nameOf = ({ apiVersion, kind, metadata: { name } }: KubernetesObject): ObjectName => ({
  ...{ apiVersion, kind, name },
});
export const keyOf = (object: KubernetesObject): string => objectKey(nameOf(object));

/** The objects of a sealed manifest. @throws SwitchbackError `PlanInvalid` */
export function objectsIn(path: string, text: string, namespace: string): KubernetesObject[] {
  const documents = parseAllDocuments(text, { merge: true, version: '1.2', schema: 'core' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document): KubernetesObject[] => {
    const value: unknown = document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100_000 });
    if (document.errors.length === 0 && (value === null || value === undefined)) return [];
    const reading = readManifest(value, namespace);
    if ('object' in reading) return [value as KubernetesObject];
    throw new SwitchbackError('PlanInvalid', `${path}: ${reading.message}`, { hint: reading.hint });
  });
}

/** One text for one object, whatever the server has noted on it. */
export const canonical = (object: unknown): string => canonicalJson(withoutServerFields(object));
export const digestOf = (object: unknown): string => createHash('sha256').update(canonical(object)).digest('hex');

export const listOf = (items: readonly unknown[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** What `-o json` printed: nothing, an object, or a list of them. */
function printed(text: string): KubernetesObject[] {
  if (text.trim() === '') return [];
  const value = JSON.parse(text) as KubernetesObject & { items?: KubernetesObject[] };
  return value.kind === 'List' ? (value.items ?? []) : [value];
}

/** Live objects by their key; those that are not there are left out. */
export async function readLive(
  kubectl: Kubectl,
  names: readonly ObjectName[],
  options: KubectlOptions = {},
): Promise<Map<string, KubernetesObject>> {
  const input = listOf(names.map(({ apiVersion, kind, name }) => ({ apiVersion, kind, metadata: { name } })));
  const args = ['get', '--filename=-', '--ignore-not-found', '--output=json', '--show-managed-fields'];
  const found = printed(await answered(kubectl, 'the objects cannot be read', args, { ...options, input }));
  return new Map(found.map((object) => [keyOf(object), object]));
}

/** Applies objects on the server's side, or only asks what would come of it. Returns them as they are then. */
export async function applyObjects(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  { dryRun, ...options }: KubectlOptions & { dryRun: boolean },
): Promise<Map<string, KubernetesObject>> {
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=switchback', '--filename=-'];
  const how = [...args, '--output=json', '--show-managed-fields', ...(dryRun ? ['--dry-run=server'] : [])];
  const doing = dryRun ? 'the cluster does not accept the manifests' : 'applying the manifests failed';
  const found = printed(await answered(kubectl, doing, how, { ...options, input: listOf(objects) }));
  return new Map(found.map((object) => [keyOf(object), object]));
}

/** Keys of the objects that an application would change. */
export async function pendingChanges(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  live: ReadonlyMap<string, KubernetesObject>,
  options: KubectlOptions,
): Promise<string[]> {
  const missing = objects.map(keyOf).filter((key) => !live.has(key));
  const there = objects.filter((object) => live.has(keyOf(object)));
  if (there.length === 0) return missing;
  const predicted = await applyObjects(kubectl, there, { ...options, dryRun: true });
  const changed = there.map(keyOf).filter((key) => canonical(predicted.get(key)) !== canonical(live.get(key)));
  return [...missing, ...changed];
}

/** Whether this object was written by `switchback`: of one that nobody has noted, only the server knows. */
export const isOurs = ({ metadata }: KubernetesObject): boolean =>
  Array.isArray(metadata['managedFields']) &&
  (metadata['managedFields'] as { manager?: string }[]).some(({ manager }) => manager === 'switchback');
