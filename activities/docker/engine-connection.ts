import Docker from 'dockerode';

import { SwitchbackError } from '../../runbook/errors.ts';
import { pinnedApiVersion } from './api-version.ts';
import { withDeadline } from './deadline.ts';
import { engineError, statusOf } from './engine-error.ts';
import { connectionTo, enginePlace } from './engine-place.ts';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Longest wait for one answer, in milliseconds; 30 s unless told. */
  deadlineMs?: number | undefined;
}

interface Modem {
  version?: string;
  dial(request: { path: string; abortSignal?: AbortSignal }, callback: (error: unknown, answer: unknown) => void): void;
}

/**
 * The connection to a Docker Engine, reached as the `docker` command reaches it; see `enginePlace`.
 * Each call has a deadline of its own and ends with the given signal. Throws `Unreachable`, `AccessDenied`, `Conflict`,
 * `PreconditionFailed` (no such object), `ResourceExhausted` or `StepFailed` (the daemon refused).
 */
export class EngineConnection {
  /** Where it listens, as DOCKER_HOST says it, e.g. `unix:///var/run/docker.sock`: for the `docker` command to reach the same one. */
  readonly host: string;
  /** Longest wait for an answer, in milliseconds, where a call names none. */
  protected readonly deadlineMs: number;
  readonly #docker: Docker;
  #pinned: Promise<string> | undefined;

  constructor(options: { deadlineMs?: number; docker?: Docker.DockerOptions } = {}) {
    const place = enginePlace(process.env);
    this.host = place.host;
    // Said outright: dockerode knows nothing of contexts, and looks for a default in another place than the `docker` command.
    this.#docker = new Docker(options.docker ?? connectionTo(place));
    this.deadlineMs = options.deadlineMs ?? 30_000;
  }

  /** Any call of dockerode, or several; the requests that `action` makes with its `docker` end with the deadline and the signal. */
  async call<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    await this.apiVersion(options);
    return this.#race(what, options, action);
  }

  /** As `call`, but `undefined` where the daemon says that there is no such object. */
  async find<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    return this.call<T | undefined>(what, options, async (docker, abortSignal) => {
      try {
        return await action(docker, abortSignal);
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /** Reads `/version` once and pins what is spoken from then on, e.g. `1.41`. */
  async apiVersion(options: CallOptions = {}): Promise<string> {
    // Asked once for all callers, so with nobody's signal; each waits with its own.
    this.#pinned ??= this.#pin();
    const pinned = this.#pinned;
    const { signal, deadlineMs = this.deadlineMs } = options;
    return withDeadline('docker version', { deadlineMs, signal }, () => pinned);
  }

  async #pin(): Promise<string> {
    try {
      return await this.#readVersion();
    } catch (error) {
      // The daemon may be up on the next call.
      this.#pinned = undefined;
      throw error;
    }
  }

  async #readVersion(): Promise<string> {
    const version = await this.#race('docker version', {}, (docker) => docker.version());
    if (typeof version?.ApiVersion !== 'string') {
      throw new SwitchbackError('Unreachable', 'docker version: the answer is not from a Docker engine', {
        hint: 'Look what listens at DOCKER_HOST.',
      });
    }
    const pinned = pinnedApiVersion({ newest: version.ApiVersion, oldest: version.MinAPIVersion });
    (this.#docker.modem as Modem).version = `v${pinned}`;
    return pinned;
  }

  /** The same engine, with each request ended by a signal: not all calls of dockerode take one, and a lost socket would stay open. */
  #bound(signal: AbortSignal): Docker {
    const modem = this.#docker.modem as Modem;
    const bound = Object.create(modem) as Modem;
    bound.dial = (request, callback) => {
      if (leadsAstray.test(request.path)) callback(noName(request.path), undefined);
      else modem.dial({ ...request, abortSignal: signal }, callback);
    };
    return new Docker({ modem: bound } as Docker.DockerOptions);
  }

  async #race<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      const deadlineMs = options.deadlineMs ?? this.deadlineMs;
      return await withDeadline(what, { deadlineMs, signal: options.signal }, (signal) =>
        action(this.#bound(signal), signal),
      );
    } catch (error) {
      // Who cancelled gets the reason given, not a story about sockets.
      if (options.signal?.aborted) throw options.signal.reason;
      throw engineError(what, error);
    }
  }
}

/**
 * A name becomes a part of the request's path as it is. The daemon redirects from a path with such a part, and the client ends the whole
 * process over that.
 */
const leadsAstray = /\/\.{0,2}(\/|\?|$)|[#%\s]/;
const noName = (path: string) =>
  new SwitchbackError('PreconditionFailed', `${path} is nothing that can be asked of a Docker engine`, {
    hint: 'Names of volumes, containers and networks are letters, digits, `_`, `.` and `-`.',
  });
