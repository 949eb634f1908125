import { definitionOf } from '../../runbook/operations.ts';
import type { OperationRecord, TargetState } from '../../runbook/target-state.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { asUser, isUp, wake, type VolumeUser } from '../volumes/index.ts';
import type { Leftover } from './leftover.ts';

/**
 * Containers that an operation stopped or froze for a moment and that still stand still: the operation was killed, or what would have
 * started them again was never come to.
 */
export async function leftStopped(
  engine: DockerEngine,
  state: TargetState,
  options: CallOptions = {},
): Promise<Leftover[]> {
  const operations = [...state.operations.values()];
  const up = new Map((await engine.listAll(options)).map((container) => [container.Id, asUser(container, false)]));
  return operations
    .filter((known) => leavesStopped(known) && !operations.some((later) => startsAfter(known, later)))
    .flatMap(({ operation, prepared }) =>
      ((prepared.facts['users'] ?? []) as VolumeUser[])
        .filter((user) => isUp(user) && up.has(user.id) && !isUp(up.get(user.id)!))
        .map((user): Leftover => {
          const { was } = up.get(user.id)!;
          return {
            what: `container ${user.name}`,
            why: `${was === 'paused' ? 'frozen' : 'stopped'} by ${operation.id}, which never came to start it again`,
            command: `docker ${was === 'paused' ? 'unpause' : 'start'} ${user.name}`,
            tidy: () => wake(engine, [user], options),
          };
        }),
    );
}

function leavesStopped({ operation, status }: OperationRecord): boolean {
  const { stopsServices } = definitionOf(operation.kind);
  return stopsServices === 'until-started' || (stopsServices === 'while-it-works' && status === 'intended');
}

const startsAfter = (stopped: OperationRecord, { operation, status, seq }: OperationRecord) =>
  definitionOf(operation.kind).startsServices && status === 'done' && seq > stopped.seq;
