import { join } from 'node:path';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { ComposeCli } from '../compose/index.ts';
import { DockerEngine } from '../docker/index.ts';
import { checkDependencies, effectHandlers } from '../effects/index.ts';
import { takeSample } from '../effects/instruments.ts';
import { secretSource } from '../perform/secret-settings.ts';
import { TargetAccess } from '../perform/target-access.ts';
import { storeDrivers } from '../stores/registry.ts';
import { acceptBreakGlass, type Acceptance, type AcceptRequest } from './accept.ts';
import { openHome } from './open-home.ts';
import { breakGlassScript, saveBreakGlass, saveScript } from './save.ts';

/** The home host as a command line sees it. `home`: folder of all targets. */
export interface Here {
  home: string;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  note(message: string): void;
}

const accessTo = ({ home, environment }: Here) => new TargetAccess({ ...environment, SWITCHBACK_HOME: home });

/** The script of a rollback, from the journal alone. @throws SwitchbackError as `openHome` */
export async function scriptHere(target: string, request: RollbackRequest, here: Here): Promise<string> {
  return breakGlassScript(await openHome(target, await accessTo(here).open(target)), request);
}

/** Writes the scripts beside the journal afresh, and the one of another request. @returns the file to run, absolute */
export async function saveHere(target: string, request: RollbackRequest, here: Here): Promise<string> {
  const from = await openHome(target, await accessTo(here).open(target));
  const folder = join(from.home.root, 'break-glass');
  await saveBreakGlass(from);
  const { to, restoreData, discardData } = request;
  if (typeof to === 'string' && !restoreData && !discardData)
    return join(folder, to === 'baseline' ? 'latest' : 'latest-previous');
  const parts = [
    typeof to === 'string' ? to : to.phase,
    ...(restoreData ? ['data'] : []),
    ...(discardData ? ['discard'] : []),
  ];
  const file = join(folder, `${from.sealed.runId}.to-${parts.join('-').replaceAll(/[^\w.-]/g, '_')}.sh`);
  await saveScript(file, await breakGlassScript(from, request));
  return file;
}

/** Takes what a script did into the journal, with proofs taken on this host. @throws SwitchbackError as `acceptBreakGlass` */
export function acceptHere(request: AcceptRequest, here: Here): Promise<Acceptance> {
  const engine = new DockerEngine();
  const world = { engine, compose: new ComposeCli({ dockerHost: engine.host }), stores: storeDrivers(engine) };
  return acceptBreakGlass(request, {
    access: accessTo(here),
    handlers: effectHandlers(world),
    secrets: secretSource(here.environment),
    check: takeSample(checkDependencies(world)),
    surroundings: { signal: here.signal, progress: () => undefined, log: (message) => here.note(message) },
  });
}
