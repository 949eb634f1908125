import type { Gate } from '../runbook/gate-entry.ts';
import type { FailureDetail } from '../runbook/journal.ts';
import type { Command, Waiting } from '../runbook/run-state.ts';

type Named<Name extends Command['command']> = Extract<Command, { command: Name }>;

/** An approval that is asked for: who has given it, or who has said no, and why. */
export class Approval {
  readonly asked: NonNullable<Waiting['approval']>;
  rejected: FailureDetail | undefined;

  constructor(readonly gate: Gate) {
    this.asked = { role: gate.role, given: [] };
  }

  get answered(): boolean {
    return this.asked.given.length >= this.gate.quorum || this.rejected !== undefined;
  }

  approve({ by, comment }: Named<'approve'>): string {
    const { role, given } = this.asked;
    given.push({ by, at: new Date().toISOString(), ...(comment === undefined ? {} : { comment }) });
    return `approved as ${role} (recorded, not authenticated)`;
  }

  reject({ by, role, reason }: Named<'reject'>): string {
    this.rejected = { name: 'CheckFailed', message: `${by} said no as ${role}: ${reason}` };
    return `rejected as ${role}`;
  }
}
