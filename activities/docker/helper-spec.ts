import { createHash } from 'node:crypto';
import type Docker from 'dockerode';

import { canonicalJson } from '../../runbook/json.ts';
import type { Labels } from './docker-engine.ts';

export interface HelperMount {
  type: 'volume' | 'bind';
  /** Name of the volume, which must exist, or absolute path on the Docker host. */
  source: string;
  target: string;
  readOnly?: boolean;
}

/** A one-shot container. The same name and labels on every attempt, so that a retry adopts what an earlier one started. */
export interface HelperSpec {
  name: string;
  /** Image reference or id; it must be on the engine already. */
  image: string;
  argv: string[];
  /** Prove whose it is: a container of this name without all of them is never touched. */
  labels: Labels;
  mounts?: HelperMount[];
  env?: Record<string, string>;
  /** `none` unless told. */
  networkMode?: string;
  /** Names of networks, which must exist; instead of `networkMode`. */
  networks?: string[];
  /** `NAME:ADDRESS` */
  extraHosts?: string[];
  /** Paths that are in memory. */
  tmpfs?: string[];
  /** What the container calls itself; its id unless told. */
  hostname?: string;
  user?: string;
  workingDir?: string;
  /** Added to an empty set; with `default`, a container has what Docker gives it, as a service has. */
  capabilities?: string[] | 'default';
  /** What must be equal for an earlier attempt's container to be adopted; all of this, unless told. */
  identity?: string;
  /** `none` where a lot is written to stdout (the log costs two thirds of the throughput); else 1 MiB is kept. */
  log?: 'none' | 'bounded';
  memoryBytes?: number;
  /** How long it may run, in milliseconds, counted anew by each attempt; then it is killed. */
  timeoutMs: number;
}

/** What a helper does, as a digest on the container: one of ours that does something else is not adopted. */
export const specLabel = 'io.switchback.spec';

export function specDigest(spec: HelperSpec): string {
  if (spec.identity !== undefined) return spec.identity;
  const { timeoutMs: _, labels: __, ...what } = spec;
  return createHash('sha256').update(canonicalJson(what)).digest('hex').slice(0, 16);
}

/** How a helper's container is made. */
export function creation(spec: HelperSpec): Docker.ContainerCreateOptions {
  return {
    name: spec.name,
    Image: spec.image,
    // Replaces the image's entrypoint too: what runs is argv, nothing around it.
    Entrypoint: spec.argv.slice(0, 1),
    Cmd: spec.argv.slice(1),
    Env: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels, [specLabel]: specDigest(spec) },
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    HostConfig: {
      Init: true,
      NetworkMode: spec.networks?.[0] ?? spec.networkMode ?? 'none',
      ...(spec.extraHosts === undefined ? {} : { ExtraHosts: spec.extraHosts }),
      ...(spec.tmpfs === undefined ? {} : { Tmpfs: Object.fromEntries(spec.tmpfs.map((path) => [path, ''])) }),
      RestartPolicy: { Name: 'no' },
      ...(spec.capabilities === 'default'
        ? {}
        : { CapDrop: ['ALL'], CapAdd: spec.capabilities ?? [], SecurityOpt: ['no-new-privileges'] }),
      PidsLimit: 512,
      LogConfig:
        spec.log === 'none'
          ? { Type: 'none', Config: {} }
          : { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
      ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes }),
      Mounts: (spec.mounts ?? []).map((mount) => ({
        Type: mount.type,
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly ?? false,
        // Else an empty volume is filled with what the image has at that path.
        ...(mount.type === 'volume'
          ? { VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } } }
          : {}),
      })),
    },
  };
}
