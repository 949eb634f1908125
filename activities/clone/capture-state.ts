import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../runbook/names.ts';
import { loadActive, type CheckpointDependencies } from '../checkpoint/index.ts';
import { pause } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import { helperJob } from '../volumes/index.ts';
import { usedVolumes } from './choose-sources.ts';
import { compareStates, judgeStore, type Additions, type Difference, type StateComparison } from './compare-states.ts';
import { cloneVolume } from './isolate-model.ts';
import { readFiles, readServices, readVolumes, type CloneState } from './read-state.ts';

export interface CapturingDependencies extends CheckpointDependencies {
  stores: StoreDrivers;
}

/** Looks until nothing changes by itself any more: so often, and so long apart. */
const looks = 5;
const restMs = 2_000;

/** Takes down what a clone holds now, under a name; rows are noted in the clone's own databases. */
export async function captureState(
  deps: CapturingDependencies,
  context: EffectContext,
  name: string,
  like?: string,
): Promise<CloneState> {
  const { plan, signal, home } = context;
  const { project, directory } = plan.stack;
  const earlier = like === undefined ? undefined : await readState(context, like);
  const { model } = await loadActive(deps, context);
  const databases = Object.values(plan.stores).flatMap(({ service }) => service ?? []);
  const logical = new Set(usedVolumes(model, databases).map((key) => cloneVolume(project, key)));
  const filters = JSON.stringify({ label: [`${labels.target}=${context.target}`] });
  const { Volumes } = await deps.engine.call('list volumes', { signal }, (docker) => docker.listVolumes({ filters }));
  const job = await helperJob(
    deps.engine,
    { ...context, operationId: context.operation.id, scratch: home.scratch, log: (text) => context.log(text) },
    context.operation.timeoutSeconds * 1000,
  );
  const volumes = (Volumes ?? []).map((volume) => volume.Name).filter((volume) => !logical.has(volume));
  const state: CloneState = {
    files: await readFiles(directory),
    services: await readServices(deps.engine, project, signal),
    volumes: await readVolumes(job, volumes.sort()),
    stores: {},
  };
  for (const store of Object.keys(plan.stores)) {
    context.progress({ doing: `noting what is in store ${store}` });
    state.stores[store] = await withStore(deps.stores, context, store, ['rehearse'], (opened) =>
      opened.rehearse.mark(name, earlier?.stores[store]),
    );
  }
  await mkdir(folderOf(context), { recursive: true, mode: 0o700 });
  await writeFile(fileOf(context, name), JSON.stringify(state), { mode: 0o600 });
  return state;
}

/** Takes down what a clone holds once it has come to rest. @returns resources that do not */
export async function captureAtRest(
  deps: CapturingDependencies,
  context: EffectContext,
  name: string,
): Promise<string[]> {
  await captureState(deps, context, 'restless');
  for (let look = 1; ; look += 1) {
    context.progress({ doing: 'waiting until nothing changes by itself', done: look, total: looks, unit: 'checks' });
    await pause(restMs, context.signal);
    await captureState(deps, context, name, 'restless');
    const { differences, more } = await compareNamed(deps, context, 'restless', name);
    const restless = [...new Set([...differences, ...more].map(({ resource }) => resource))];
    if (restless.length === 0 || look === looks) return restless;
    await captureState(deps, context, 'restless');
  }
}

/** Compares two moments of a clone that were taken down. */
export async function compareNamed(
  deps: CapturingDependencies,
  context: EffectContext,
  before: string,
  after: string,
  additions: (store: string) => Additions = () => ({ kept: [], undone: [], anyKept: false }),
): Promise<StateComparison> {
  const [then, now] = [await readState(context, before), await readState(context, after)];
  const all = [compareStates(then, now)];
  for (const store of Object.keys(context.plan.stores)) {
    const [marked, later] = [then.stores[store], now.stores[store]];
    if (!marked || !later) continue;
    const comparison = await withStore(deps.stores, context, store, ['rehearse'], (opened) =>
      opened.rehearse.compareMarks(marked, later),
    );
    all.push(judgeStore(store, comparison, additions(store)));
  }
  const joined = (pick: (one: StateComparison) => Difference[]) => all.flatMap(pick);
  return {
    differences: joined((one) => one.differences),
    more: joined((one) => one.more),
    compared: all.flatMap((one) => one.compared),
  };
}

const folderOf = ({ home }: Pick<EffectContext, 'home'>) => join(home.root, 'states');
const fileOf = (context: Pick<EffectContext, 'home'>, name: string) => join(folderOf(context), `${name}.json`);
const readState = async (context: EffectContext, name: string) =>
  JSON.parse(await readFile(fileOf(context, name), 'utf8')) as CloneState;
