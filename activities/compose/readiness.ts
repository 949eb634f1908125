import { enabledServices, mayEnd, replicasOf, type ComposeModel } from './compose-model.ts';

/** What one look at a container says. */
export interface ContainerSight {
  service: string;
  name: string;
  /** created, running, paused, restarting, removing, exited, dead */
  state: string;
  exitCode: number;
  restartCount: number;
  /** none where it has no health check. */
  health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** For how long we have seen it run without a restart, in milliseconds. */
  steadyMs: number;
  /** For how long we have seen it unhealthy, in milliseconds. */
  unhealthyMs: number;
}

export interface ServiceVerdict {
  service: string;
  verdict: 'ready' | 'completed' | 'waiting' | 'failed';
  /** What is wrong, or what is waited for, e.g. `web-1 exited with 3`. */
  detail: string;
  /** The container to look into. */
  container?: string;
}

/** Without a health check, a container that ends at once looks well for a moment. */
const steadyEnoughMs = 1_000;
/** A restart loop by then; a service that needs its dependency may fail once or twice. */
const tooManyRestarts = 3;
/** A service may recover from a bad moment; for longer than that it is broken. */
const unhealthyTooLongMs = 20_000;

/** Whether each service that should run does, from one look at all containers. Pure. */
export function judgeServices(model: ComposeModel, sights: readonly ContainerSight[]): ServiceVerdict[] {
  return enabledServices(model)
    .filter(([, service]) => replicasOf(service) > 0)
    .map(([service, definition]) => {
      const seen = sights.filter((sight) => sight.service === service);
      const verdicts = seen.map((sight) => judge(sight, mayEnd(model, service)));
      const worst = ['failed', 'waiting'] as const;
      for (const verdict of worst) {
        const found = verdicts.find((candidate) => candidate.verdict === verdict);
        if (found) return found;
      }
      const missing = replicasOf(definition) - seen.length;
      if (missing > 0)
        return { service, verdict: 'waiting', detail: `${missing} of ${replicasOf(definition)} containers missing` };
      return verdicts.find((candidate) => candidate.verdict === 'ready') ?? verdicts[0]!;
    });
}

function judge(sight: ContainerSight, mayExit: boolean): ServiceVerdict {
  const of = (verdict: ServiceVerdict['verdict'], detail: string): ServiceVerdict => ({
    service: sight.service,
    verdict,
    detail: `${sight.name} ${detail}`,
    container: sight.name,
  });
  switch (sight.state) {
    case 'running':
      return judgeRunning(sight, of);
    case 'exited':
      if (sight.exitCode === 0 && mayExit) return of('completed', 'exited with 0');
      return of('failed', `exited with ${sight.exitCode}`);
    case 'restarting':
      if (sight.restartCount >= tooManyRestarts)
        return of('failed', `restarts again and again, last exit ${sight.exitCode}`);
      return of('waiting', `is restarting, last exit ${sight.exitCode}`);
    case 'created':
      return of('waiting', 'is not started yet');
    case 'dead':
      return of('failed', 'is dead');
    default:
      return of('waiting', `is ${sight.state}`);
  }
}

function judgeRunning(
  sight: ContainerSight,
  of: (verdict: ServiceVerdict['verdict'], detail: string) => ServiceVerdict,
): ServiceVerdict {
  if (sight.restartCount >= tooManyRestarts) return of('failed', `restarted ${sight.restartCount} times`);
  switch (sight.health) {
    case 'healthy':
      return of('ready', 'is healthy');
    case 'starting':
      return of('waiting', 'is not healthy yet');
    case 'unhealthy':
      if (sight.unhealthyMs >= unhealthyTooLongMs) return of('failed', 'stays unhealthy');
      return of('waiting', 'is unhealthy');
    case 'none':
      if (sight.steadyMs < steadyEnoughMs) return of('waiting', 'has just started');
      return of('ready', 'is running');
  }
}
