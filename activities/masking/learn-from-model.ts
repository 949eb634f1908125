import { readFile, stat } from 'node:fs/promises';
import type { ComposeModel } from '../compose/compose-model.ts';
import { learnNames, learnPairs, learnSecrets } from './known-secrets.ts';

const largest = 64 * 1024;

/** Learns what Compose gives to services: their environment, and the files that it calls secrets. */
export async function learnFromModel(model: ComposeModel): Promise<void> {
  const services = Object.entries(model.services);
  learnNames([
    ...[model.name, ...Object.keys(model.volumes), ...Object.keys(model.networks)],
    ...[...Object.values(model.volumes), ...Object.values(model.networks)].flatMap((each) => each?.name ?? []),
    ...services.flatMap(([name, { image = '' }]) => [name, image, image.replace(/[:@].*$/, '')]),
  ]);
  for (const [, { environment }] of services)
    learnPairs(Object.entries(environment ?? {}).map(([name, value]) => ({ name, value: value ?? '' })));
  for (const { file } of Object.values(model.secrets)) if (file !== undefined) await learnFromSecretFile(file);
}

async function learnFromSecretFile(file: string): Promise<void> {
  try {
    const found = await stat(file);
    if (found.isFile() && found.size <= largest) learnSecrets((await readFile(file, 'utf8')).trim());
  } catch {
    // Compose itself will say that it is not there.
  }
}
