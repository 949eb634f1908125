import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { DockerEngine } from '../../../activities/docker/index.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import { recordPhaseHandler } from '../../../activities/effects/record-phase.ts';
import {
  appendLines,
  appendMarkdown,
  replaceMarkdown,
  writeRollbackRecords,
} from '../../../activities/records/index.ts';
import { Journal } from '../../../journal/index.ts';
import type { CompiledPhase } from '../../../runbook/compiled-plan.ts';
import type { Operation } from '../../../runbook/operations.ts';
import { performWith, TestTarget } from '../../real/effect-context.ts';
import { rollbackRecord } from '../../runbook/records/rollback-fixture.ts';

let folder: string;
let target: TestTarget;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchback-records-'));
  target = await TestTarget.make({ project: 'shop', env: '.env' });
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await target.remove();
});
const read = (name: string) => readFileSync(join(target.home.records, name), 'utf8');

/** Everything below a folder, as one value. */
const everything = (root: string) =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]),
  );

const engine = new DockerEngine();
const data = { engine, stores: storeDrivers(engine) };

describe('a record', () => {
  it('gets an entry once, and keeps what people wrote around it', async () => {
    const file = join(folder, 'LESSONS.md');
    const heading = '# Lessons\n\n| a | b |\n| --- | --- |\n';
    await appendMarkdown(file, heading, [{ key: 'one', text: '| 1 | _to be written_ |\n' }]);
    const edited = readFileSync(file, 'utf8').replace('_to be written_', 'a disk was full');
    writeFileSync(file, edited);
    const added = await appendMarkdown(file, heading, [
      { key: 'one', text: '| 1 | _to be written_ |\n' },
      { key: 'two', text: '| 2 | x |\n' },
    ]);
    expect(added).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(`${edited}| 2 | x <!-- switchback two --> |\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('has its table replaced, and keeps what people wrote around that', async () => {
    const file = join(folder, 'PROGRESS.md');
    await replaceMarkdown(file, '# Progress\n', 'progress', 'first');
    writeFileSync(file, `A note above.\n${readFileSync(file, 'utf8')}A note below.\n`);
    await replaceMarkdown(file, '# Progress\n', 'progress', 'second');
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^A note above\.[^]*second[^]*A note below\.\n$/);
    expect(text).not.toContain('first');
  });

  it('of lines gets each key once, and survives a torn one', async () => {
    const file = join(folder, 'x.jsonl');
    await appendLines(file, [{ key: 'a', n: 1 }]);
    appendFileSync(file, '{"key":"tor');
    const lines = await appendLines(file, [
      { key: 'a', n: 2 },
      { key: 'b', n: 3 },
    ]);
    expect(lines).toEqual([
      { key: 'a', n: 1 },
      { key: 'b', n: 3 },
    ]);
    expect(await appendLines(file, [])).toEqual(lines);
  });

  it('is written through no partial file of another writer', async () => {
    const file = join(folder, 'x.jsonl');
    await Promise.all(Array.from({ length: 8 }, (_, n) => appendLines(file, [{ key: `${n}` }])));
    expect(readdirSync(folder)).toEqual(['x.jsonl']);
    expect(readFileSync(file, 'utf8')).toMatch(/^\{"key":"\d"\}\n$|^(\{"key":"\d"\}\n)+$/);
  });
});

describe('recording a phase', () => {
  const id = 'api/complete/03-recordPhase';
  const context = () => target.context('recordPhase', { phase: 'api', title: 'API v2' }, { id });
  beforeEach(async () => {
    await target.write('docker-compose.yml', 'services: { api: {} }\n');
    await target.write('.env', 'PASSWORD=hunter2\n');
    const operation = (kind: string, input: object) =>
      ({ id: `api/complete/01-${kind}`, kind, input }) as unknown as Operation;
    const phase = {
      id: 'api',
      ordinal: 3,
      stages: [
        {
          stage: 'complete',
          approvals: [],
          operations: [
            operation('measureResources', { phase: 'api' }),
            operation('checkBudget', { compose: 'c', budget: { services: 5, over: 'warn' } }),
            operation('tagCheckpoint', { tag: 'v2-phase-3-complete', message: 'm', push: false }),
          ],
        },
      ],
    } as unknown as CompiledPhase;
    target.plan.phases.push(phase);
    target.facts.set('api/complete/01-measureResources', {
      totals: { services: 6, cpus: 1.25, memory_bytes: 2 ** 30 },
    });
    const journal = await Journal.open(target.home.journal);
    await journal.append({
      run: 'run-1',
      epoch: 1,
      entries: [{ type: 'decision', command: 'pause', by: 'ada', reason: 'lunch' }],
    });
  });

  it('[K11] [K15] [K2] saves the checkpoint and writes progress with resources, decisions and lessons, once', async () => {
    const first = await performWith(recordPhaseHandler(data), context());
    expect(read('checkpoints/api/docker-compose.yml')).toBe('services: { api: {} }\n');
    expect(read('checkpoints/api/.env')).toBe('PASSWORD=hunter2\n');
    expect(statSync(join(target.home.records, 'checkpoints/api/.env')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(read('checkpoints/api/checkpoint.json'))).toMatchObject({
      phase: 'api',
      files: ['docker-compose.yml', '.env'],
    });
    expect(read('PROGRESS.md')).toContain('| 3 | API v2 (api) | completed |');
    expect(read('PROGRESS.md')).toContain(
      '| 1.25 | 1 GiB | 6 | no: services over 5 | v2-phase-3-complete | checkpoints/api |',
    );
    expect(read('DECISIONS.md')).toContain('| pause | ada | lunch |');
    expect(read('LESSONS.md')).toContain('| Phase | Date | Issue | Root Cause | Resolution | Lesson |');
    const written = everything(target.home.records);
    await performWith(recordPhaseHandler(data), context(), first.prepared);
    expect(everything(target.home.records)).toEqual(written);
    // The receipt travels through Temporal: it names files, and holds nothing of them.
    expect(JSON.stringify(first.performed)).not.toContain('hunter2');
  });

  it('does not begin without the active files', async () => {
    rmSync(join(target.directory, '.env'));
    await expect(performWith(recordPhaseHandler(data), context())).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('.env'),
    });
  });
});

describe('[M10] recording a rollback', () => {
  it('writes log, incident, progress and the story so far; again without effect on what people completed', async () => {
    const record = rollbackRecord();
    const { files } = await writeRollbackRecords(target.home, record);
    expect(files.map((file) => file.slice(target.home.records.length + 1)).sort()).toEqual([
      'DECISIONS.md',
      'LESSONS.md',
      'PROGRESS.md',
      'ROLLBACK-LOG.md',
      'decisions.jsonl',
      'incident-1.json',
      'incident-1.md',
      'lessons.jsonl',
      'progress.jsonl',
      'rollback-log.jsonl',
    ]);
    expect(JSON.parse(read('incident-1.json'))).toMatchObject({ format: 1, reason: 'p95 over 5 s', consistent: true });
    expect(read('PROGRESS.md')).toContain('| 3 | API v2 (api) | rolled-back: p95 over 5 s |');

    const incident = read('incident-1.md').replace('_to be written_', 'an index was missing');
    writeFileSync(join(target.home.records, 'incident-1.md'), incident);
    const before = everything(target.home.records);
    await writeRollbackRecords(target.home, record);
    expect(everything(target.home.records)).toEqual(before);

    record.rollback.ordinal = 2;
    await writeRollbackRecords(target.home, record);
    expect(read('ROLLBACK-LOG.md').match(/^## Rollback/gm)).toHaveLength(2);
  });
});
