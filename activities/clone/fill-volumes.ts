import { labels } from '../../runbook/names.ts';
import { composeLabel } from '../compose/index.ts';
import { encryptionOf } from '../encryption/index.ts';
import {
  archiveVolume,
  ensureOwnVolume,
  extractArchive,
  extractPoint,
  helperJob,
  sizeOf,
  surveyVolume,
  type HelperJob,
} from '../volumes/index.ts';
import { showBytes } from '../resources/index.ts';
import type { BuildOptions } from './build-options.ts';
import { newestPoint, type ChosenVolume } from './choose-sources.ts';
import { cloneVolume } from './isolate-model.ts';

/** Helpers of a clone carry the clone's label, so that they go with it. */
export function cloneHelpers({ world, original, clone, home }: BuildOptions): Promise<HelperJob> {
  const { signal, operation } = original;
  const owner = {
    target: clone,
    runId: 'clone',
    operationId: 'build',
    scratch: home.scratch,
    encryption: encryptionOf(original),
    signal,
    log: (text: string) => original.log(text),
  };
  return helperJob(world.engine, owner, operation.timeoutSeconds * 1000);
}

/** Bytes that the copies of volumes and databases will take. A database is written twice: its rows, and what is noted of them. */
export async function dataBytes(
  options: BuildOptions,
  volumes: readonly ChosenVolume[],
  services: Record<string, string>,
): Promise<number> {
  const { home, plan } = options.original;
  const job = await cloneHelpers(options);
  let bytes = 0;
  for (const { source, original } of volumes) {
    if (source.from === 'point') bytes += sizeOf(source.point).diskBytes;
    else if (source.from === 'live') bytes += 2 * (await surveyVolume(job, original)).diskBytes;
  }
  for (const store of Object.keys(services)) {
    const point = await newestPoint(home.points, plan.stores[store]!.kind, `store:${store}`);
    bytes += 2 * Number(point?.manifest.canary['databaseBytes'] ?? 0);
  }
  return bytes;
}

/** Makes the clone's volumes and fills them. Those of databases stay empty: their image makes them, and a backup is restored. */
export async function fillVolumes(
  options: BuildOptions,
  volumes: readonly ChosenVolume[],
  project: string,
): Promise<string[]> {
  const { engine } = options.world;
  const { signal } = options.original;
  const job = await cloneHelpers(options);
  const notes: string[] = [];
  for (const { key, original, source } of volumes) {
    const name = cloneVolume(project, key);
    options.original.progress({ doing: `filling volume ${name}` });
    const own = {
      [labels.target]: options.clone,
      [labels.role]: 'clone',
      // As Compose would have made it: it warns of others.
      [composeLabel.project]: project,
      [composeLabel.volume]: key,
    };
    await ensureOwnVolume(engine, name, own, { signal });
    if (source.from === 'point') {
      await extractPoint(job, source.point, name, options.original, 'content');
      notes.push(`volume ${original} from recovery point ${source.point.manifest.run}/${source.point.manifest.point}`);
    } else if (source.from === 'live') {
      // Not a recovery point: it lies in the clone's home until the clone's volume holds the same, as plain as the original.
      const archive = await archiveVolume({ ...job, encryption: undefined }, original, job.scratch);
      await extractArchive(job, { ...archive, folder: job.scratch }, name, 'content');
      const changed = archive.changedWhileRead ? ', which changed while it was read' : '';
      notes.push(`volume ${original} copied as it is now, ${showBytes(archive.plainBytes)}${changed}`);
    }
  }
  return notes;
}
