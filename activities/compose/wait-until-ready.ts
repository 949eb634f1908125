import type Docker from 'dockerode';

import { SwitchbackError } from '../../runbook/errors.ts';
import { pause, type DockerEngine } from '../docker/index.ts';
import { learnFromModel, masked } from '../masking/index.ts';
import { composeLabel } from './compose-labels.ts';
import type { ComposeModel } from './compose-model.ts';
import { judgeServices, type ContainerSight, type ServiceVerdict } from './readiness.ts';

export interface ReadyOptions {
  project: string;
  model: ComposeModel;
  /** Only these; all unless told. */
  services?: readonly string[];
  /** In milliseconds. */
  withinMs: number;
  signal?: AbortSignal | undefined;
  onProgress?: (ready: number, total: number, doing: string) => void;
}

/**
 * Waits until every service is healthy, or runs where it has no health check, or has ended with 0 where it is meant to end.
 * @returns the services that have ended
 * @throws SwitchbackError `StepFailed` when one has failed for good, `NotReady` when the time is up; both name the service, its
 * state and its last log lines.
 */
export async function waitUntilReady(engine: DockerEngine, options: ReadyOptions): Promise<{ completed: string[] }> {
  const model = options.services ? only(options.model, options.services) : options.model;
  const memory = new Memory();
  const deadline = performance.now() + options.withinMs;
  for (;;) {
    const verdicts = judgeServices(model, await look(engine, options, memory));
    const waiting = verdicts.filter((verdict) => verdict.verdict === 'waiting');
    const failed = verdicts.find((verdict) => verdict.verdict === 'failed');
    if (failed) throw await failure(engine, 'StepFailed', failed, model, options.signal);
    options.onProgress?.(
      verdicts.length - waiting.length,
      verdicts.length,
      waiting[0]?.detail ?? 'all services are ready',
    );
    if (waiting.length === 0) {
      return {
        completed: verdicts.filter((verdict) => verdict.verdict === 'completed').map((verdict) => verdict.service),
      };
    }
    if (performance.now() > deadline) {
      // Others wait for the one that is ill.
      const ill = waiting.find((verdict) => /unhealthy|restarting/.test(verdict.detail)) ?? waiting[0]!;
      throw await failure(engine, 'NotReady', ill, model, options.signal);
    }
    await pause(250, options.signal);
  }
}

/** One look at the services of a stack, for whoever wants to know now and not wait. */
export async function lookAtServices(
  engine: DockerEngine,
  options: Pick<ReadyOptions, 'project' | 'signal'>,
): Promise<ContainerSight[]> {
  return look(engine, options, undefined);
}

async function look(
  engine: DockerEngine,
  { project, signal }: Pick<ReadyOptions, 'project' | 'signal'>,
  memory: Memory | undefined,
): Promise<ContainerSight[]> {
  const listed = await engine.listByLabel(
    { [composeLabel.project]: project, [composeLabel.oneOff]: 'False' },
    { signal },
  );
  const inspected = await Promise.all(listed.map((container) => engine.inspectContainer(container.Id, { signal })));
  return inspected
    .filter((info) => info !== undefined)
    .map((info) => {
      const sight = sightOf(info);
      return { ...sight, ...(memory?.since(info, sight) ?? { steadyMs: Infinity, unhealthyMs: Infinity }) };
    });
}

function sightOf(info: Docker.ContainerInspectInfo): Omit<ContainerSight, 'steadyMs' | 'unhealthyMs'> {
  const health = info.State.Health?.Status;
  return {
    service: info.Config.Labels[composeLabel.service] ?? '',
    name: info.Name.replace(/^\//, ''),
    state: info.State.Status,
    exitCode: info.State.ExitCode,
    restartCount: info.RestartCount,
    health: health === 'starting' || health === 'healthy' || health === 'unhealthy' ? health : 'none',
  };
}

/** Measures with our own clock for how long something has been so: the engine's clock may be another host's. */
class Memory {
  readonly #steady = new Map<string, { start: string; at: number }>();
  readonly #unhealthy = new Map<string, number>();

  since(info: Docker.ContainerInspectInfo, sight: Omit<ContainerSight, 'steadyMs' | 'unhealthyMs'>) {
    const now = performance.now();
    const steady = this.#steady.get(info.Id);
    if (!steady || steady.start !== info.State.StartedAt)
      this.#steady.set(info.Id, { start: info.State.StartedAt, at: now });
    if (sight.health !== 'unhealthy') this.#unhealthy.delete(info.Id);
    else if (!this.#unhealthy.has(info.Id)) this.#unhealthy.set(info.Id, now);
    return {
      steadyMs: now - (this.#steady.get(info.Id)?.at ?? now),
      unhealthyMs: now - (this.#unhealthy.get(info.Id) ?? now),
    };
  }
}

function only(model: ComposeModel, services: readonly string[]): ComposeModel {
  return {
    ...model,
    services: Object.fromEntries(Object.entries(model.services).filter(([name]) => services.includes(name))),
  };
}

async function failure(
  engine: DockerEngine,
  name: 'StepFailed' | 'NotReady',
  verdict: ServiceVerdict,
  model: ComposeModel,
  signal: AbortSignal | undefined,
): Promise<SwitchbackError> {
  const container = verdict.container;
  const info = container === undefined ? undefined : await engine.inspectContainer(container, { signal });
  // Of a container that never started there is no log; why it did not, the engine itself knows.
  const started = info !== undefined && info.State.Status !== 'created';
  const log =
    started && container !== undefined ? await engine.logTail(container, { signal, lines: 5, bytes: 600 }) : '';
  await learnFromModel(model);
  const tidy = (text: string) => masked(text).trim().split('\n').join(' | ');
  const checked = info?.State.Health?.Log.at(-1);
  const parts = [
    ['the engine says', info?.State.Error ?? ''],
    [
      'its health check says',
      checked !== undefined && checked.ExitCode !== 0 ? masked(checked.Output).slice(0, 300) : '',
    ],
    ['it said', log],
  ].flatMap(([who, text]) => (tidy(text!) === '' ? [] : [`; ${who}: ${tidy(text!)}`]));
  return new SwitchbackError(name, `service ${verdict.service}: ${verdict.detail}${parts.join('')}`, {
    ...(container === undefined ? {} : { hint: hintFor(container, started) }),
    facts: { service: verdict.service, container: container ?? null },
  });
}

const hintFor = (container: string, started: boolean) =>
  started
    ? `Read its log with \`docker logs ${container}\`.`
    : `It never started and has no log: \`docker inspect ${container}\` says of what it was made, and \`docker compose ps --all\` which services it waits for.`;
