import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';

import { SwitchbackError } from '../../runbook/errors.ts';

/** Where the one engine of this machine listens: for the API client, Compose, builds of helper images and `doctor` alike. */
export interface EnginePlace {
  /** As DOCKER_HOST says it, e.g. `unix:///var/run/docker.sock`. */
  host: string;
  /** Folder with ca.pem, cert.pem and key.pem; absent where the connection has no TLS. */
  certificates?: string;
  skipVerify?: boolean;
  /** What said so, for people. */
  from: 'DOCKER_HOST' | 'default' | `context ${string}`;
}

/**
 * Finds the engine as the `docker` command does: DOCKER_HOST, then DOCKER_CONTEXT, then the context that `docker context use` has chosen,
 * then the usual socket.
 * @throws SwitchbackError `PreconditionFailed` when the context is not there, or is of no Docker engine
 */
export function enginePlace(environment: NodeJS.ProcessEnv): EnginePlace {
  const { DOCKER_HOST: host, DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: verify } = environment;
  if (host) return { host, ...(verify && certificates ? { certificates } : {}), from: 'DOCKER_HOST' };
  const config = environment['DOCKER_CONFIG'] || join(environment['HOME'] || homedir(), '.docker');
  const context = environment['DOCKER_CONTEXT'] || chosenContext(config);
  return context === undefined || context === 'default'
    ? { host: `unix://${defaultSocket()}`, from: 'default' }
    : placeOfContext(context, config);
}

function chosenContext(config: string): string | undefined {
  try {
    const { currentContext } = JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')) as {
      currentContext?: unknown;
    };
    return typeof currentContext === 'string' && currentContext !== '' ? currentContext : undefined;
  } catch {
    // Without settings, or with ones that are no JSON, the `docker` command takes the usual socket, too.
    return undefined;
  }
}

interface Meta {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

function placeOfContext(context: string, config: string): EnginePlace {
  const id = createHash('sha256').update(context).digest('hex');
  let meta: Meta;
  try {
    meta = JSON.parse(readFileSync(join(config, 'contexts/meta', id, 'meta.json'), 'utf8')) as Meta;
  } catch (error) {
    throw noEngine(context, 'is not there', error);
  }
  const { Host, SkipTLSVerify } = meta.Endpoints?.docker ?? {};
  if (!Host) throw noEngine(context, 'names no Docker engine');
  const tls = join(config, 'contexts/tls', id, 'docker');
  const certificates = existsSync(tls) && readdirSync(tls).length > 0;
  return {
    host: Host,
    ...(certificates ? { certificates: tls } : {}),
    ...(SkipTLSVerify ? { skipVerify: true } : {}),
    from: `context ${context}`,
  };
}

const noEngine = (context: string, why: string, cause?: unknown) =>
  new SwitchbackError(
    'PreconditionFailed',
    `the Docker context ${context} ${why}`,
    {
      hint: '`docker context ls` shows those that are there; choose one by `docker context use`, or name the engine by DOCKER_HOST.',
      facts: { context },
    },
    { cause },
  );

/** Docker Desktop listens in the user's home. */
function defaultSocket(): string {
  const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
  return existsSync(desktop) ? desktop : '/var/run/docker.sock';
}

/** What dockerode needs to reach it. Where DOCKER_HOST is set, it reads that itself. */
export function connectionTo(place: EnginePlace): Docker.DockerOptions {
  if (place.from === 'DOCKER_HOST') return {};
  if (place.host.startsWith('unix://')) return { socketPath: place.host.slice('unix://'.length) };
  const { hostname, port, protocol, username } = new URL(place.host);
  if (protocol === 'ssh:') return { protocol: 'ssh', host: hostname, port: port || 22, ...(username && { username }) };
  const file = (name: string) => {
    const path = join(place.certificates ?? '', name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  if (place.certificates === undefined) return { protocol: 'http', host: hostname, port: port || 2375 };
  const pem = Object.fromEntries(
    ['ca', 'cert', 'key'].flatMap((name) => (file(`${name}.pem`) === undefined ? [] : [[name, file(`${name}.pem`)]])),
  );
  return { protocol: 'https', host: hostname, port: port || 2376, ...pem };
}

/** What the `docker` command needs to find itself and the engine. All else could change what it does, or is a secret of the worker's. */
const passedOn = [
  'PATH',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'SSH_AUTH_SOCK',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
];

/** The environment of a `docker` command that reaches this very engine, whatever the context is by then. */
export function dockerEnvironment(environment: NodeJS.ProcessEnv, host: string): Record<string, string> {
  const kept = passedOn.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...certificatesFor(environment, host), DOCKER_HOST: host };
}

function certificatesFor(environment: NodeJS.ProcessEnv, host: string): Record<string, string> {
  if (environment['DOCKER_HOST'] || environment['DOCKER_CERT_PATH']) return {};
  const place = enginePlace(environment);
  if (place.host !== host || place.certificates === undefined) return {};
  return { DOCKER_CERT_PATH: place.certificates, ...(place.skipVerify ? {} : { DOCKER_TLS_VERIFY: '1' }) };
}
