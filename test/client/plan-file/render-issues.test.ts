import { describe, expect, it } from '@jest/globals';
import { codeFrame } from '../../../client/plan-file/code-frame.ts';
import { memorySource, readPlanText, renderIssues } from '../../../client/plan-file/index.ts';
import { SourceText } from '../../../client/plan-file/source-text.ts';

const text = `switchback: 1
name: x
stack: { project: x }
stores:
  a: { kind: postgres, url: "postgres://shop:hunter2@db/x" }
  b: { kind: mysql, service: db, database: a, user: b, password: hunter2 }
baseline: { compose: v1.yml, env: .env.v1 }
phases: [{ id: one, verify: [{ services: 1 }] }]
`;

describe('issues as text', () => {
  it('shows place, message, frame and hint, and no secret in the lines around', async () => {
    const contents = new Map([
      ['v1.yml', Buffer.from('services: { a: { image: "a:1" } }')],
      ['.env.v1', Buffer.from('A_PASSWORD=very-secret\nDOCKER_HOST=x\nB=very-secret\n')],
    ]);
    const reading = await readPlanText(text, 'plan.yml', () => memorySource('/stack', contents));
    if (reading.ok) throw new Error('it has mistakes');
    expect(renderIssues(reading.issues, { color: false }))
      .toBe(`plan.yml:5:29 error: a url with its password is written out (stores.a.url)
    4 | stores:
  > 5 |   a: { kind: postgres, url: •••••••••••••••••••••••••••••• }
      |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    6 |   b: { kind: mysql, service: db, database: a, user: b, password: ••••••• }
  hint: Write a reference such as \${env:NAME} or \${file:/run/secrets/name}; only the worker reads what it stands for.

plan.yml:6:14 error: \`kind\` cannot be \`mysql\` (stores.b.kind)
    5 |   a: { kind: postgres, url: •••••••••••••••••••••••••••••• }
  > 6 |   b: { kind: mysql, service: db, database: a, user: b, password: ••••••• }
      |              ^^^^^
    7 | baseline: { compose: v1.yml, env: .env.v1 }
  hint: It can be \`postgres\`, \`redis\`, \`sqlite\`.

plan.yml:6:66 error: \`password\` is written out (stores.b.password)
    5 |   a: { kind: postgres, url: •••••••••••••••••••••••••••••• }
  > 6 |   b: { kind: mysql, service: db, database: a, user: b, password: ••••••• }
      |                                                                  ^^^^^^^
    7 | baseline: { compose: v1.yml, env: .env.v1 }
  hint: Write a reference such as \${env:NAME} or \${file:/run/secrets/name}; only the worker reads what it stands for.

.env.v1:2:1 error: \`DOCKER_HOST\` would change what Compose does behind the plan's back (baseline.env)
    1 | A_PASSWORD=•••••••••••
  > 2 | DOCKER_HOST=•
      | ^^^^^^^^^^^
    3 | B=•••••••••••
  hint: Remove it: the engine, the project and its files are named by the worker and the plan.

4 errors`);
    expect(renderIssues(reading.issues, { color: true })).toContain('\u001b[1;31merror\u001b[0m');
  });

  it('shows a piece of a very long line, and nothing that moves the cursor', () => {
    const source = new SourceText('x', `${'a'.repeat(5000)}HERE${'b'.repeat(5000)}\u001b[2J\u202e`);
    const frame = codeFrame(source, 5000, 5004, []);
    expect(Math.max(...frame.split('\n').map((line) => line.length))).toBeLessThan(130);
    const [shown = '', mark = ''] = frame.split('\n');
    expect(shown.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('HERE');
    expect(codeFrame(new SourceText('x', 'a\u001b[2J\tb'), 0, 1, [])).not.toMatch(/[\u001b\t]/);
  });
});
