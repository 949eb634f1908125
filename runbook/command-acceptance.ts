import { refusal, type Command, type CommandName, type RunState, type RunStatus } from './run-state.ts';

/** What an open child knows when a command comes to it. */
export interface Conversation {
  state: RunState;
  /** Id of the operation, or of the gate, at which it is parked. */
  parked?: string;
  /** It is a gate: somebody said no. */
  atGate?: true;
  /** Role whose approval is asked for. */
  role?: string;
  /** What was said yes to and is being carried out: the first word stands, and a second yes would be a lie. */
  decided?: CommandName;
  /** What ends it before its last operation. */
  ending?: string;
}

/** Why a command is refused by the child that it came to; undefined when it is accepted. Nothing of a refused one is written down. */
export function objectionOf(
  { state, parked, atGate, role, decided, ending }: Conversation,
  command: Command,
): string | undefined {
  const { command: name } = command;
  const refused = refusal(state, name);
  if (refused !== undefined) return refused;
  if (ending !== undefined) return `${wordOf(name)} comes too late, it is ending already: ${ending}`;
  // A pause contradicts no decision: it holds before the next operation.
  if (decided !== undefined && name !== 'pause')
    return `${wordOf(name)} comes too late: ${wordOf(decided)} was said just before`;
  switch (command.command) {
    case 'skip':
    case 'doneByHand':
      if (atGate && name === 'doneByHand')
        return 'a gate is opened by people: done-by-hand is not possible there; retry asks again, skip goes on without';
      if (parked !== undefined && (command.operation === undefined || command.operation === parked)) return undefined;
      return `there is no parked operation ${command.operation ?? ''}`.trim();
    case 'approve':
    case 'reject':
      return role === command.role ? undefined : wrongRole(command.role, role);
    default:
      return undefined;
  }
}

/** What is wrong with a command although the state of the run would accept one of its name. */
export function objectionOfRun(command: Command, status: RunStatus, planning: boolean): string | undefined {
  if (planning && !['retry', 'rollback', 'abort'].includes(command.command))
    return `${command.command} is not possible while a rollback is being planned; possible: retry, rollback, abort`;
  if ('reason' in command && command.command !== 'pause' && !command.reason?.trim())
    return `${command.command} needs a reason`;
  const role = status.waiting?.approval?.role;
  switch (command.command) {
    case 'doneByHand':
      return command.proof.length === 0 ? 'doneByHand needs a check that proves it' : undefined;
    case 'approve':
      if (command.planDigest !== undefined && command.planDigest !== status.planDigest)
        return `the approval is for plan ${command.planDigest.slice(0, 12)}, but this run follows ${status.planDigest.slice(0, 12)}`;
      return role === command.role ? undefined : wrongRole(command.role, role);
    case 'reject':
      return role === command.role ? undefined : wrongRole(command.role, role);
    default:
      return undefined;
  }
}

const wrongRole = (role: string, asked: string | undefined) =>
  `no approval of ${role} is asked for; asked for: ${asked ?? 'none'}`;

/** A command as its operator types it. */
export const wordOf = (name: CommandName): string => (name === 'doneByHand' ? 'done-by-hand' : name);
