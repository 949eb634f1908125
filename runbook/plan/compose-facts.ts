import type { ComposeVariable } from './compose-variables.ts';

/** What Switchback needs to know about a Compose file before anything runs. Values are as written: `${…}` stays. */
export interface ComposeService {
  name: string;
  image?: string;
  build: boolean;
  containerName?: string;
  profiles: string[];
  /** Ends by itself: others wait for its completion, or it says `restart: "no"`. */
  oneShot: boolean;
  mounts: ComposeMount[];
  /** Services whose mounts it takes over. */
  mountsFrom: { service: string; readOnly: boolean }[];
  /** Its environment may hold credentials: by the names in it, or because a file that it names is not looked into. */
  credentials: boolean;
  /** That it needs a value for. */
  variables: ComposeVariable[];
}

export interface ComposeMount {
  type: 'volume' | 'bind' | 'anonymous' | 'tmpfs' | 'other';
  /** The key of a volume, or the path of a bind. */
  source?: string;
  target: string;
  readOnly: boolean;
}

/** A volume or a network. */
export interface ComposeResource {
  key: string;
  /** Docker's name where the file sets it; otherwise `PROJECT_KEY`. */
  name?: string;
  external: boolean;
  /** The definition in one canonical text: two equal texts mean that nothing about it changed. */
  definition: string;
  /** A folder of the host that the volume is another name of. */
  device?: string;
}

export interface ComposeFacts {
  name?: string;
  services: Record<string, ComposeService>;
  volumes: Record<string, ComposeResource>;
  /** With `default`, which every project has. */
  networks: Record<string, ComposeResource>;
  /** The file pulls in others (`include`, `extends`), so what is not in it may still exist. */
  partial: boolean;
  /** That something outside of services needs a value for. */
  variables: ComposeVariable[];
}

/** The name that Docker gives a volume or network of a project. */
export function dockerName(project: string, resource: ComposeResource): string {
  return resource.name ?? (resource.external ? resource.key : `${project}_${resource.key}`);
}
