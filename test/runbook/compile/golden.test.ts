import { describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readPlan, renderPlan } from '../../../client/plan-file/index.ts';
import { plainPage } from '../../../client/rendering/style.ts';
import { describePlan } from '../../../runbook/compile.ts';
import { operationVersion, stages, type Operation } from '../../../runbook/operations.ts';

const folder = path.resolve('test/client/bad-plans');
const reading = await readPlan(path.join(folder, 'valid.yml'));
if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
const { compiled } = reading;
const operations: Operation[] = [
  ...compiled.before,
  ...compiled.phases.flatMap((phase) => phase.stages.flatMap((stage) => stage.operations)),
];

/** Compares with a file of this folder; `UPDATE_GOLDEN=1` writes it, to be read in the diff. */
async function sameAs(file: string, text: string): Promise<void> {
  const full = path.resolve('test/runbook/compile', file);
  const portable = text
    .replaceAll(folder, '/plans')
    .replaceAll(compiled.digest, 'd'.repeat(64))
    .replaceAll(compiled.digest.slice(0, 16), 'd'.repeat(16));
  if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(full, portable);
  expect(portable).toBe(await readFile(full, 'utf8'));
}

describe('a plan with one of everything', () => {
  it('compiles to these operations', async () => {
    await sameAs('valid.compiled.json', `${JSON.stringify(compiled, null, 2)}\n`);
  });

  it('is described like this', async () => {
    await sameAs('valid.plan.txt', `${renderPlan(describePlan(compiled), plainPage).join('\n')}\n`);
  });

  it('compiles to plain data that a payload leaves unchanged', () => {
    expect(JSON.parse(JSON.stringify(compiled))).toStrictEqual(compiled);
  });

  it('gives each operation an id of its place, its version and a line that Temporal can show', () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    for (const operation of operations) {
      expect(operation.id).toMatch(new RegExp(`^${operation.phase}/${operation.stage}/\\d\\d-${operation.kind}$`));
      expect(operation.version).toBe(operationVersion[operation.kind]);
      expect(operation.host).toBe('local');
      for (const text of [operation.summary, operation.undo.summary]) expect(text).toMatch(/^[^\n]{1,200}$/);
      expect(operation.timeoutSeconds).toBeGreaterThan(0);
    }
  });

  it('keeps the stages of a phase in the order of its life', () => {
    for (const phase of compiled.phases) {
      const places = phase.stages.map(({ stage }) => stages.indexOf(stage as (typeof stages)[number]));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it('holds no secret, and no content of an env file but the ports that it names', async () => {
    const text = JSON.stringify(compiled);
    expect(text).not.toContain('local-only');
    expect(text).toContain('127.0.0.1:8081');
  });

  it('uses every kind of operation that a plan can ask for', () => {
    const kinds = new Set(operations.map(({ kind }) => kind));
    const onlyAsUndo = [
      'putFilesBack',
      'removeTag',
      'stopUsers',
      'startUsers',
      'restoreVolume',
      'restoreStore',
      'restoreManifests',
    ];
    // Asked for on the command line, never by a plan.
    const onlyAsTask = ['prunePoints'];
    // Of a cluster: the example has none, so that its operations stay as they were released.
    const ofClusters = ['applyManifests'];
    expect(
      Object.keys(operationVersion).filter(
        (kind) =>
          !kinds.has(kind as Operation['kind']) && ![...onlyAsUndo, ...onlyAsTask, ...ofClusters].includes(kind),
      ),
    ).toEqual([]);
  });
});

describe('the digest', () => {
  it('changes with the plan and with a file that it names', async () => {
    const { memorySource, readPlanText } = await import('../../../client/plan-file/index.ts');
    const text =
      'switchback: 1\nname: a\nstack: { project: a }\nstores: { s: { kind: postgres, url: "${env:U}" } }\nbaseline: { compose: c.yml }\nphases: [{ id: p, steps: [{ sql: s, file: x.sql, undo: { statement: SELECT 1 } }], verify: [{ services: 1 }] }]\n';
    const digest = async (plan: string, sql: string) => {
      const contents = new Map([
        ['c.yml', Buffer.from('services: { a: { image: "a:1" } }')],
        ['x.sql', Buffer.from(sql)],
      ]);
      const read = await readPlanText(plan, 'p.yml', () => memorySource('/stack', contents));
      if (!read.ok) throw new Error(JSON.stringify(read.issues));
      return read.compiled.digest;
    };
    const first = await digest(text, 'SELECT 1');
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(text, 'SELECT 1')).toBe(first);
    expect(await digest(text, 'SELECT 2')).not.toBe(first);
    expect(await digest(`${text}# more\n`, 'SELECT 1')).not.toBe(first);
  });
});
