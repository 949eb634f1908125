import { textTable } from './table.ts';

/** What stood before the migration touched anything. No environment, no label values, no driver options: those hold secrets. */
export interface StackState {
  containers: {
    name: string;
    service: string;
    image: string;
    imageId: string;
    /** `running`, `exited`, … */
    state: string;
    /** As the engine says it, with health: `Up 3 hours (healthy)`. */
    status: string;
    ports: string[];
    networks: string[];
    mounts: string[];
  }[];
  networks: { name: string; id: string; driver: string; scope: string; internal: boolean; subnets: string[] }[];
  volumes: { name: string; driver: string; mountpoint: string; usedBy: string[] }[];
}

export interface GitState {
  commit: string;
  /** Absent with a detached HEAD. */
  branch?: string;
  tag?: string;
  backupBranch?: string;
  pushedTo?: string;
  /** Paths of the stack that differ from the commit: they are in no tag and no branch. */
  dirty: string[];
}

export interface BeforeRecord extends StackState {
  format: 1;
  target: string;
  run: string;
  plan: { name: string; digest: string };
  at: string;
  directory: string;
  /** Absent where the stack is in no git repository. */
  git?: GitState;
}

/** The record as a text that is read at 3 a.m. */
export function formatBefore(record: BeforeRecord): string {
  const { git } = record;
  const gitLines =
    git === undefined
      ? ['git         the stack is in no repository']
      : [
          `commit      ${git.commit}${git.branch === undefined ? ' (detached)' : ` on ${git.branch}`}`,
          ...(git.tag === undefined ? [] : [`tag         ${git.tag}`]),
          ...(git.backupBranch === undefined ? [] : [`branch      ${git.backupBranch}`]),
          ...(git.pushedTo === undefined ? [] : [`pushed to   ${git.pushedTo}`]),
          ...(git.dirty.length === 0 ? [] : [`uncommitted ${git.dirty.join(', ')}`]),
        ];
  return [
    `State of ${record.target} before ${record.plan.name}, run ${record.run}`,
    `recorded    ${record.at}`,
    `directory   ${record.directory}`,
    `plan        ${record.plan.digest}`,
    ...gitLines,
    '',
    `Containers (${record.containers.length})`,
    textTable(
      ['NAME', 'SERVICE', 'IMAGE', 'STATUS', 'PORTS'],
      record.containers.map((each) => [each.name, each.service, each.image, each.status, each.ports.join(', ')]),
    ),
    `Networks (${record.networks.length})`,
    textTable(
      ['NAME', 'ID', 'DRIVER', 'SUBNETS'],
      record.networks.map((each) => [each.name, each.id.slice(0, 12), each.driver, each.subnets.join(', ')]),
    ),
    `Volumes (${record.volumes.length})`,
    textTable(
      ['NAME', 'DRIVER', 'USED BY'],
      record.volumes.map((each) => [each.name, each.driver, each.usedBy.join(', ')]),
    ),
  ].join('\n');
}
