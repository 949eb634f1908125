import { access } from 'node:fs/promises';
import { listPoints } from '../../activities/points/read-point.ts';
import type { PointManifest } from '../../activities/points/manifest.ts';
import { targetHome } from '../../journal/target-home.ts';
import type { Recovery } from '../../runbook/recovery.ts';
import { isArchive } from '../../runbook/retention.ts';
import type { Settings } from '../settings/settings.ts';

/** When a point was restored as a test, and what that promises. */
export interface RestorePromise {
  /** `RUN/POINT`. */
  point: string;
  takenAt: string;
  provenAt: string;
  /** How long the restore took when it was tested, in milliseconds: what a restore is promised to take. */
  tookMs: number;
  /** Older than the plan's `proofAge`. */
  expired: boolean;
}

/** The newest restore-tested point of a resource; none where nobody has ever restored one. */
export interface Restorable {
  resource: string;
  promise?: RestorePromise;
}

/**
 * What can be restored of a target's data, and how fast, by the manifests on this machine.
 * @returns undefined when its points are not here
 */
export async function readRestorable(
  target: string,
  { resources, proofAgeSeconds }: Recovery,
  { home }: Pick<Settings, 'home'>,
): Promise<Restorable[] | undefined> {
  const { journal, points } = targetHome(target, { SWITCHBACK_HOME: home });
  const here = await access(journal).then(
    () => true,
    () => false,
  );
  if (!here) return undefined;
  const newest = new Map<string, PointManifest>();
  for (const { point } of await listPoints(points)) {
    const found = point?.manifest;
    if (found?.state !== 'restore-tested' || !found.proof || isArchive(found.source)) continue;
    const known = newest.get(found.source.resource);
    if (known === undefined || known.startedAt < found.startedAt) newest.set(found.source.resource, found);
  }
  return resources.map((resource) => {
    const promise = promiseOf(newest.get(resource), proofAgeSeconds);
    return promise ? { resource, promise } : { resource };
  });
}

/** What the proof of a point promises; undefined when it has none. */
export function promiseOf(manifest: PointManifest | undefined, proofAgeSeconds: number): RestorePromise | undefined {
  const { proof } = manifest ?? {};
  if (!manifest || !proof) return undefined;
  return {
    point: `${manifest.run}/${manifest.point}`,
    takenAt: manifest.startedAt,
    provenAt: proof.at,
    tookMs: proof.tookMs,
    expired: Date.now() - Date.parse(proof.at) > proofAgeSeconds * 1000,
  };
}
