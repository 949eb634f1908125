import { SwitchbackError } from '../../runbook/errors.ts';
import { pause } from './deadline.ts';
import { carries, type DockerEngine } from './docker-engine.ts';
import type { CallOptions } from './engine-connection.ts';
import { statusOf } from './engine-error.ts';
import { creation, specDigest, specLabel, type HelperSpec } from './helper-spec.ts';

export interface HelperResult {
  /** As read from the engine after the end. */
  exitCode: number;
  /** Last 8 KiB of what it wrote. */
  log: string;
  /** An earlier attempt had started it. */
  adopted: boolean;
  oomKilled: boolean;
  timedOut: boolean;
}

type OnAbort = 'remove' | 'kill' | 'leave';

export interface HelperOptions extends CallOptions {
  /** Leave the container after its end, for somebody who removes it later. */
  keep?: boolean;
  /** On abort: `remove` kills and removes it (default); `kill` leaves the ended container; `leave` lets it run for a successor. */
  onAbort?: OnAbort | ((reason: unknown) => OnAbort);
  /** Called about once a second while it runs. */
  onTick?: (runningMs: number) => void;
}

/**
 * Runs a container to its end, or adopts the one of this name: running → waits for it, ended → reads its exit code.
 * A non-zero exit is a result, not an error. Throws `Conflict` when the name is taken by a container that is not ours,
 * `EffectUnknown` when our own container of that name does something else, `PreconditionFailed` when the image or a volume is missing.
 */
export async function runHelper(
  engine: DockerEngine,
  spec: HelperSpec,
  options: HelperOptions = {},
): Promise<HelperResult> {
  const started = performance.now();
  try {
    const adopted = await createOrAdopt(engine, spec, options);
    const timedOut = await untilEnded(engine, spec, options, started);
    const ended = await engine.inspectContainer(spec.name, options);
    if (!ended || ended.State.Running) {
      throw new SwitchbackError('EffectUnknown', `container ${spec.name} went away before its exit code was read`, {
        hint: 'Somebody removed it; look at what it did before you retry.',
      });
    }
    const log = spec.log === 'none' ? '' : await engine.logTail(spec.name, options);
    if (!options.keep) await engine.removeContainer(spec.name, spec.labels, options);
    return { exitCode: ended.State.ExitCode, log, adopted, oomKilled: ended.State.OOMKilled, timedOut };
  } catch (error) {
    if (options.signal?.aborted) await settleAfterAbort(engine, spec, howTo(options));
    throw error;
  }
}

function howTo({ onAbort = 'remove', signal }: HelperOptions): OnAbort {
  return typeof onAbort === 'function' ? onAbort(signal?.reason) : onAbort;
}

async function createOrAdopt(engine: DockerEngine, spec: HelperSpec, options: CallOptions): Promise<boolean> {
  let found = await engine.inspectContainer(spec.name, options);
  const adopted = found !== undefined;
  if (!found) {
    await requireVolumes(engine, spec, options);
    await engine.call(`create container ${spec.name}`, options, async (docker) => {
      try {
        await docker.createContainer(creation(spec));
      } catch (error) {
        // 409: a request of an earlier attempt arrived at the daemon just now. The look below tells whose it is.
        if (statusOf(error) !== 409) throw error;
      }
    });
    found = await engine.inspectContainer(spec.name, options);
  }
  if (!carries(found?.Config.Labels, spec.labels)) {
    throw new SwitchbackError('Conflict', `the name ${spec.name} is taken by a container that is not ours`, {
      hint: `Remove or rename it: \`docker rm ${spec.name}\`.`,
      facts: { container: spec.name },
    });
  }
  if (found?.Config.Labels[specLabel] !== specDigest(spec)) {
    throw new SwitchbackError('EffectUnknown', `container ${spec.name} of an earlier attempt does something else`, {
      hint: `Look at it with \`docker inspect ${spec.name}\`, remove it, then retry.`,
      facts: { container: spec.name },
    });
  }
  // Only one that never started: starting an ended one would run it a second time.
  if (found.State.Status === 'created') {
    await joinNetworks(engine, spec, Object.keys(found.NetworkSettings.Networks), options);
    await start(engine, spec, options);
  }
  return adopted;
}

/** The API version that we speak gives a new container one network; the others are joined before it starts. */
async function joinNetworks(
  engine: DockerEngine,
  spec: HelperSpec,
  joined: readonly string[],
  options: CallOptions,
): Promise<void> {
  for (const network of (spec.networks ?? []).filter((name) => !joined.includes(name))) {
    await engine.call(`connect ${spec.name} to network ${network}`, options, (docker) =>
      docker.getNetwork(network).connect({ Container: spec.name }),
    );
  }
}

async function start(engine: DockerEngine, spec: HelperSpec, options: CallOptions): Promise<void> {
  try {
    await engine.startContainer(spec.name, options);
  } catch (error) {
    // It never ran (no such executable, a mount that cannot be made): leave nothing that a retry would trip over.
    const found = options.signal?.aborted ? undefined : await engine.inspectContainer(spec.name, options);
    if (found?.State.Status === 'created') await engine.removeContainer(spec.name, spec.labels, options);
    throw error;
  }
}

/**
 * Polls, since a `wait` request hangs for ever when the daemon dies. One is made all the same, as a hint that makes the next look come at
 * once: a poll alone finds the end of a minute's work half a second late. Returns whether the time was up.
 */
async function untilEnded(
  engine: DockerEngine,
  spec: HelperSpec,
  options: HelperOptions,
  started: number,
): Promise<boolean> {
  const leaving = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal;
  const never = new Promise<void>(() => undefined);
  let hint: Promise<void> | undefined;
  try {
    for (;;) {
      const found = await engine.inspectContainer(spec.name, options);
      if (!found || !(found.State.Running || found.State.Status === 'created')) return false;
      const runningMs = performance.now() - started;
      if (runningMs > spec.timeoutMs) {
        await engine.killContainer(spec.name, options);
        return true;
      }
      options.onTick?.(runningMs);
      hint ??= engine.untilNotRunning(spec.name, { signal, deadlineMs: spec.timeoutMs }).then(() => {
        hint = never;
      });
      // In step with its age where no hint comes: most helpers end within a second.
      const delay = Math.min(Math.max(20, runningMs * 0.15), 1000);
      await Promise.race([hint, pause(delay, signal)]);
    }
  } finally {
    leaving.abort();
  }
}

async function settleAfterAbort(
  engine: DockerEngine,
  spec: HelperSpec,
  how: 'remove' | 'kill' | 'leave',
): Promise<void> {
  if (how === 'leave') return;
  // Without the aborted signal, and briefly: whoever cancelled is waiting.
  const brief = { deadlineMs: 10_000 };
  try {
    const found = await engine.inspectContainer(spec.name, brief);
    if (!found || !carries(found.Config.Labels, spec.labels)) return;
    await engine.killContainer(spec.name, brief);
    if (how === 'remove') await engine.removeContainer(spec.name, spec.labels, brief);
  } catch {
    // The daemon is out of reach. The cancellation is what the caller must hear; a retry adopts the container by its name.
  }
}

/** Docker creates a missing volume silently, with nothing in it. */
async function requireVolumes(engine: DockerEngine, spec: HelperSpec, options: CallOptions): Promise<void> {
  for (const mount of spec.mounts ?? []) {
    if (mount.type === 'volume' && !(await engine.inspectVolume(mount.source, options))) {
      throw new SwitchbackError('PreconditionFailed', `volume ${mount.source} does not exist`, {
        hint: 'Look at `docker volume ls`; is the stack up?',
        facts: { volume: mount.source },
      });
    }
  }
}
