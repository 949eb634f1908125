import { SwitchbackError } from '../../runbook/errors.ts';

export interface ComposePort {
  target: number;
  /** Port or range on the host; absent or `0` lets Docker choose. */
  published?: string;
  host_ip?: string;
  protocol?: string;
}

export interface ComposeMount {
  type: 'volume' | 'bind' | 'tmpfs' | 'npipe' | 'cluster';
  /** Key under `volumes`, or absolute path; absent for an anonymous volume. */
  source?: string;
  target: string;
  read_only?: boolean;
}

export interface FileMount {
  source: string;
  target?: string;
}

/** A service as Compose itself understands it: merged, interpolated, in long form. */
export interface ComposeService {
  image?: string;
  container_name?: string;
  build?: unknown;
  profiles?: string[];
  ports?: ComposePort[];
  volumes?: ComposeMount[];
  configs?: FileMount[];
  secrets?: FileMount[];
  environment?: Record<string, string | null>;
  networks?: Record<string, { aliases?: string[] } | null>;
  network_mode?: string;
  depends_on?: Record<string, { condition?: string; required?: boolean }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  restart?: string;
  labels?: Record<string, string>;
  scale?: number;
  deploy?: { replicas?: number; resources?: { limits?: { cpus?: number | string; memory?: string | number } } };
  user?: string;
  working_dir?: string;
  [key: string]: unknown;
}

export interface ComposeVolume {
  /** As Docker knows it, e.g. `shop_db_data`. */
  name: string;
  external?: boolean;
  driver?: string;
  driver_opts?: Record<string, string>;
  labels?: Record<string, string>;
}

export interface ComposeNetwork {
  name: string;
  external?: boolean;
  driver?: string;
  driver_opts?: Record<string, string>;
  internal?: boolean;
  attachable?: boolean;
  enable_ipv6?: boolean;
  labels?: Record<string, string>;
  ipam?: { driver?: string; config?: { subnet?: string; gateway?: string; ip_range?: string }[] };
}

/** A config or secret: a file of the host, or contents that Compose writes into the container itself. */
export interface GivenFile {
  name?: string;
  file?: string;
  external?: boolean;
  content?: string;
  /** Variable of the env file that has its contents; `content` then holds them once they were looked up. */
  environment?: string;
}

/** What `docker compose config --format json` says: the normalised truth about a Compose file. Holds secrets: never leaves an activity. */
export interface ComposeModel {
  name: string;
  /** Those that are on. */
  profiles?: readonly string[];
  services: Record<string, ComposeService>;
  volumes: Record<string, ComposeVolume>;
  networks: Record<string, ComposeNetwork>;
  configs: Record<string, GivenFile>;
  secrets: Record<string, GivenFile>;
}

/** @param profiles those that are on @throws SwitchbackError `PlanInvalid` when the text is not what Compose prints. */
export function parseModel(json: string, profiles: readonly string[] = []): ComposeModel {
  let parsed: Partial<ComposeModel>;
  try {
    parsed = JSON.parse(json) as Partial<ComposeModel>;
  } catch (error) {
    throw new SwitchbackError('PlanInvalid', 'docker compose config printed no JSON', {}, { cause: error });
  }
  return {
    name: parsed.name ?? '',
    profiles,
    services: parsed.services ?? {},
    volumes: parsed.volumes ?? {},
    networks: parsed.networks ?? {},
    configs: parsed.configs ?? {},
    secrets: parsed.secrets ?? {},
  };
}

/** The services that `up` starts: those without a profile, and those of a profile that the plan switches on. */
export function enabledServices(model: ComposeModel): [string, ComposeService][] {
  const on = model.profiles ?? [];
  return Object.entries(model.services).filter(
    ([, { profiles = [] }]) => profiles.length === 0 || profiles.some((profile) => on.includes(profile)),
  );
}

/** How many containers a service has. */
export function replicasOf(service: ComposeService): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

/** What a service runs: its image, or what `docker compose build` calls it. */
export function imageOf(model: ComposeModel, name: string): string {
  return model.services[name]?.image ?? `${model.name}-${name}`;
}

/** The names that the containers of a service get. */
export function containerNamesOf(model: ComposeModel, name: string): string[] {
  const service = model.services[name];
  if (!service) return [];
  if (service.container_name !== undefined) return [service.container_name];
  return Array.from({ length: replicasOf(service) }, (_, index) => `${model.name}-${name}-${index + 1}`);
}

/** Whether a service has a health check; the image's own counts only where the caller knows of it. */
export function hasHealthcheck(service: ComposeService): boolean {
  return (
    service.healthcheck !== undefined &&
    service.healthcheck.disable !== true &&
    service.healthcheck.test?.[0] !== 'NONE'
  );
}

/**
 * Whether a service is meant to end. One that listens, has a health check or is restarted is not: its end with 0 is a stop. The label
 * `io.switchback.one-shot` says it outright, and a service that others wait for to end is one without a doubt.
 */
export function mayEnd(model: ComposeModel, name: string): boolean {
  const service = model.services[name];
  if (!service) return false;
  const said = service.labels?.['io.switchback.one-shot'];
  if (said !== undefined) return said === 'true';
  if (
    Object.values(model.services).some(
      (other) => other.depends_on?.[name]?.condition === 'service_completed_successfully',
    )
  ) {
    return true;
  }
  const restarted = service.restart === 'always' || service.restart === 'unless-stopped';
  return !restarted && (service.ports ?? []).length === 0 && !hasHealthcheck(service);
}
