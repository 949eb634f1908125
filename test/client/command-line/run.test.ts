import { describe, expect, it } from '@jest/globals';
import { GuidedError } from '../../../client/command-line/failure.ts';
import { InvalidPlan } from '../../../client/command-line/invalid-plan.ts';
// `status` loads its modules side by side, and Jest links a graph that two of them share only if it is linked already.
import '../../../client/runs/read-status.ts';
import { Interrupted, UsageError } from '../../../client/command-line/usage-error.ts';
import { defineVerb, type Verb } from '../../../client/command-line/verb.ts';
import { verbs } from '../../../client/verbs/index.ts';
import { errorTable, SwitchbackError, type ErrorName } from '../../../runbook/errors.ts';
import { invoke } from './invoke.ts';

const verb = (run: Verb['run']): Verb[] => [
  defineVerb({ name: 'try', group: 'A run', summary: 'tries', examples: [['switchback try', 'tries']], run }),
];

describe('a command that answers', () => {
  const answering = verb(async () => ({
    data: { found: 3 },
    lines: () => ['found 3'],
    next: [{ type: 'switchback status', why: 'see' }],
    exitCode: 7,
  }));

  it('prints lines for people, with what to type next', async () => {
    const { code, out, error } = await invoke(answering, ['try']);
    expect({ code, error }).toEqual({ code: 7, error: '' });
    expect(out).toBe('found 3\n\nType next:\n  switchback status  see\n');
  });

  it('prints one JSON document with --json', async () => {
    const { code, out } = await invoke(answering, ['try', '--json']);
    expect(code).toBe(7);
    expect(JSON.parse(out)).toEqual({ found: 3, next: [{ type: 'switchback status', why: 'see' }] });
  });

  it('takes its settings from options, then the environment, then the defaults', async () => {
    const seen: unknown[] = [];
    const looking = verb(async (_options, { settings }) => {
      seen.push(settings);
      return undefined;
    });
    await invoke(looking, ['try']);
    await invoke(looking, ['try'], {
      env: { TEMPORAL_ADDRESS: 'env:1', TEMPORAL_NAMESPACE: 'space', SWITCHBACK_UI: 'http://ui/' },
    });
    await invoke(looking, ['try', '--address', 'typed:1', '--namespace', 'n', '--home', '/tmp/h', '--timeout', '3'], {
      env: { TEMPORAL_ADDRESS: 'env:1' },
    });
    expect(seen).toEqual([
      {
        address: '127.0.0.1:7233',
        addressFrom: 'default',
        namespace: 'default',
        ui: 'http://127.0.0.1:8233',
        home: '/nonexistent/switchback',
        timeoutMs: 20_000,
      },
      {
        address: 'env:1',
        addressFrom: 'environment',
        namespace: 'space',
        ui: 'http://ui',
        home: '/nonexistent/switchback',
        timeoutMs: 20_000,
      },
      {
        address: 'typed:1',
        addressFrom: 'option',
        namespace: 'n',
        ui: 'http://127.0.0.1:8233',
        home: '/tmp/h',
        timeoutMs: 3000,
      },
    ]);
  });

  it('repeats the flags that say which target is meant, quoted for a shell', async () => {
    let flags = '';
    await invoke(
      verb(async (_options, context) => {
        flags = context.sameFlags;
        return undefined;
      }),
      ['try', '--plan', "it's here.yml", '--json', '--target', 'shop'],
    );
    expect(flags).toBe(` --plan 'it'\\''s here.yml' --target shop`);
  });
});

describe('a command that fails', () => {
  const failing = (error: Error) => verb(() => Promise.reject(error));

  it.each(Object.entries(errorTable).map(([name, { exitCode }]) => [name as ErrorName, exitCode] as const))(
    'ends %s with %d',
    async (name, exitCode) => {
      const { code, out, error } = await invoke(failing(new SwitchbackError(name, 'it is so', { hint: 'Do this.' })), [
        'try',
      ]);
      expect({ code, out, error }).toEqual({ code: exitCode, out: '', error: 'switchback: it is so\n  Do this.\n' });
    },
  );

  it('says what to type next where it knows', async () => {
    const guided = new GuidedError('Conflict', 'there is one', { next: [{ type: 'switchback watch', why: 'look' }] });
    const { code, error } = await invoke(failing(guided), ['try']);
    expect(code).toBe(5);
    expect(error).toBe('switchback: there is one\n\nType next:\n  switchback watch  look\n');
  });

  it('gives the error as one JSON document on standard output', async () => {
    const { code, out, error } = await invoke(failing(new SwitchbackError('Unreachable', 'away', { hint: 'Up.' })), [
      'try',
      '--json',
    ]);
    expect({ code, error }).toEqual({ code: 10, error: '' });
    expect(JSON.parse(out)).toEqual({ error: { name: 'Unreachable', message: 'away', hint: 'Up.' }, exitCode: 10 });
  });

  it('shows every mistake of a plan', async () => {
    const issue = {
      file: 'p.yml',
      line: 3,
      column: 5,
      path: 'phases[0].id',
      message: 'is missing',
      hint: 'Add it.',
      severity: 'error' as const,
    };
    const text = await invoke(failing(new InvalidPlan('p.yml', [issue])), ['try']);
    expect(text.code).toBe(3);
    expect(text.error).toContain('p.yml:3:5 error: is missing (phases[0].id)');
    const json = await invoke(failing(new InvalidPlan('p.yml', [issue])), ['try', '--json']);
    expect(JSON.parse(json.out).error.issues).toEqual([issue]);
  });

  it('ends what was typed wrong with 2 and Ctrl-C with 130', async () => {
    expect((await invoke(failing(new UsageError('no', 'Yes.')), ['try'])).code).toBe(2);
    expect((await invoke(failing(new Interrupted('the run goes on')), ['try'])).code).toBe(130);
  });

  it('calls an unknown error a mistake of its own, without a stack unless asked', async () => {
    const quiet = await invoke(failing(new TypeError('undefined is not a function')), ['try']);
    expect(quiet.code).toBe(1);
    expect(quiet.error).toContain('mistake in Switchback itself');
    expect(quiet.error).not.toContain('    at ');
    const verbose = await invoke(failing(new TypeError('undefined is not a function')), ['try', '--verbose']);
    expect(verbose.error).toContain('    at ');
  });
});

describe('the command line', () => {
  it.each([
    [['bogus'], "unknown command 'bogus'"],
    [['status', '--bogus'], "unknown option '--bogus'"],
    [['skip'], "required option '--reason <text>' not specified"],
    [['status', '--timeout', 'soon'], 'Give a number of seconds'],
    [['status', 'extra'], 'too many arguments'],
    [['completion', 'cmd'], 'Allowed choices are bash, zsh, fish'],
  ])('refuses %j with 2', async (argv, says) => {
    const text = await invoke(verbs, argv);
    expect({ code: text.code, out: text.out }).toEqual({ code: 2, out: '' });
    expect(text.error).toContain(says);
    const json = await invoke(verbs, [...argv, '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out).error.name).toBe('UsageError');
  });

  it('shows help without a verb, as a mistake', async () => {
    const { code, out, error } = await invoke(verbs, []);
    expect(code).toBe(2);
    expect(out + error).toContain('Usage: switchback');
  });

  it('has help with an example for every verb, and the version', async () => {
    for (const { name } of verbs) {
      const { code, out } = await invoke(verbs, [name, '--help']);
      expect({ name, code }).toEqual({ name, code: 0 });
      expect(out).toContain(`Examples:\n  $ `);
    }
    expect(await invoke(verbs, ['--version'])).toEqual({ code: 0, out: '1.2.3\n', error: '' });
  });

  it('asks which target is meant where no plan file says so', async () => {
    const { code, error } = await invoke(verbs, ['status'], { cwd: '/nonexistent' });
    expect(code).toBe(2);
    expect(error).toContain('which target is meant? /nonexistent/switchback.yml does not exist');
  });
});
