import { describe, expect, it } from '@jest/globals';
import { objectionOf, objectionOfRun, type Conversation } from '../../runbook/command-acceptance.ts';
import {
  acceptedCommands,
  type Command,
  type CommandName,
  type RunState,
  type RunStatus,
} from '../../runbook/run-state.ts';

const request = { to: 'previous' as const, restoreData: false, discardData: false };
const commands: { [N in CommandName]: Extract<Command, { command: N }> } = {
  pause: { command: 'pause', by: 'ada' },
  resume: { command: 'resume', by: 'ada' },
  retry: { command: 'retry', by: 'ada' },
  skip: { command: 'skip', by: 'ada', reason: 'r' },
  doneByHand: { command: 'doneByHand', by: 'ada', reason: 'r', proof: [{ kind: 'services', count: 1, healthy: true }] },
  approve: { command: 'approve', by: 'ada', role: 'lead' },
  reject: { command: 'reject', by: 'ada', role: 'lead', reason: 'r' },
  rollback: { command: 'rollback', by: 'ada', reason: 'r', request },
  abort: { command: 'abort', by: 'ada', reason: 'r' },
};
const names = Object.keys(commands) as CommandName[];
const parked: Conversation = { state: 'awaiting-operator', parked: 'one/01' };
const asking: Conversation = { state: 'awaiting-approval', role: 'lead' };
const objection = (conversation: Conversation, name: CommandName, more: object = {}) =>
  objectionOf(conversation, { ...commands[name], ...more });

describe('a child that a command comes to', () => {
  it.each(Object.keys(acceptedCommands) as RunState[])('takes in state %s what the table says', (state) => {
    for (const name of names) {
      const taken = objection({ state, parked: 'one/01', role: 'lead' }, name) === undefined;
      expect([name, taken]).toEqual([name, acceptedCommands[state].includes(name)]);
    }
  });

  it('takes one decision at a time: a second yes would be a lie', () => {
    for (const decided of ['retry', 'skip', 'doneByHand', 'rollback', 'abort'] as const) {
      for (const name of acceptedCommands['awaiting-operator'])
        expect(objection({ ...parked, decided }, name)).toContain('comes too late');
    }
    expect(objection({ ...parked, decided: 'doneByHand' }, 'skip')).toBe(
      'skip comes too late: done-by-hand was said just before',
    );
    expect(objection({ ...asking, decided: 'approve' }, 'reject')).toContain('too late');
    expect(objection({ ...asking, decided: 'approve' }, 'pause')).toBeUndefined();
  });

  it('takes no work of hands at a gate, which people open by a yes', () => {
    expect(objection({ ...parked, atGate: true }, 'doneByHand')).toContain('a gate is opened by people');
    for (const name of ['retry', 'resume', 'skip', 'rollback', 'abort'] as const)
      expect(objection({ ...parked, atGate: true }, name)).toBeUndefined();
  });

  it('takes nothing any more once it is ending', () => {
    for (const name of acceptedCommands.running)
      expect(objection({ state: 'running', ending: 'too slow' }, name)).toContain('it is ending already: too slow');
  });

  it('refuses to skip or settle what is not parked, or another operation', () => {
    for (const name of ['skip', 'doneByHand'] as const) {
      expect(objection(parked, name, { operation: 'one/01' })).toBeUndefined();
      expect(objection(parked, name, { operation: 'two/01' })).toBe('there is no parked operation two/01');
      expect(objection({ state: 'rollback-paused' }, name)).toBe('there is no parked operation');
    }
  });

  it('takes a yes or no only in the role that is asked for', () => {
    for (const name of ['approve', 'reject'] as const) {
      expect(objection(asking, name, { role: 'cook' })).toBe('no approval of cook is asked for; asked for: lead');
      expect(objection({ state: 'awaiting-approval' }, name)).toContain('asked for: none');
    }
  });
});

describe('a run that a command comes to', () => {
  const status = {
    planDigest: 'a'.repeat(64),
    waiting: { for: 'approval', since: '', approval: { role: 'lead', given: [] }, accepts: [] },
  } as unknown as RunStatus;
  const ofRun = (name: CommandName, more: object = {}, planning = false) =>
    objectionOfRun({ ...commands[name], ...more }, status, planning);

  it('takes those that are whole', () => {
    for (const name of names) expect([name, ofRun(name)]).toEqual([name, undefined]);
  });

  it('wants a reason, a proof, the role that is asked for and the plan that is run', () => {
    for (const name of ['skip', 'doneByHand', 'reject', 'rollback', 'abort'] as const)
      expect(ofRun(name, { reason: ' ' })).toBe(`${name} needs a reason`);
    expect(ofRun('pause', { reason: '' })).toBeUndefined();
    expect(ofRun('doneByHand', { proof: [] })).toContain('needs a check');
    expect(ofRun('approve', { role: 'cook' })).toContain('asked for: lead');
    expect(ofRun('reject', { role: 'cook' })).toContain('asked for: lead');
    expect(ofRun('approve', { planDigest: 'b'.repeat(64) })).toContain('the approval is for plan bbbbbbbbbbbb');
    expect(ofRun('approve', { planDigest: 'a'.repeat(64) })).toBeUndefined();
  });

  it('takes, while a rollback is being planned, only what decides that', () => {
    const taken = names.filter((name) => ofRun(name, {}, true) === undefined);
    expect(taken).toEqual(['retry', 'rollback', 'abort']);
  });
});
