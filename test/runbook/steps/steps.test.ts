import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { memorySource, readPlanText, type PlanReading } from '../../../client/plan-file/index.ts';
import type { Operation, Undo } from '../../../runbook/operations.ts';
import { stepKinds } from '../../../runbook/steps/index.ts';

const compose =
  'services: { db: { image: "postgres:15.4", environment: { POSTGRES_PASSWORD: x } }, web: { image: "shop/web:v1" } }\n';
const contents = new Map([
  ['v1.yml', Buffer.from(compose)],
  ['v2.yml', Buffer.from(compose.replace('web:v1', 'web:v2'))],
  [
    'mounts.yml',
    Buffer.from(compose.replace('web:v1"', 'web:v1", volumes: ["./conf/site.conf:/site.conf:ro", "./pages:/pages"]')),
  ],
  [
    'web.yml',
    Buffer.from(`apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { motd: hello }
--- # claimed once
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: shop }
`),
  ],
  ['other.yml', Buffer.from('\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: other }\n')],
  ['secret.yml', Buffer.from('---\napiVersion: v1\nkind: Secret\nmetadata: { name: web }\n')],
  ['empty.yml', Buffer.from('# nothing\n')],
  ['broken.yml', Buffer.from('kind: ConfigMap\n---\nkind: [\n')],
  ['expand.sql', Buffer.from('CREATE TABLE v2 (a int);')],
  ['lossy.sql', Buffer.from('DROP TABLE v2;')],
  ['rename.sql', Buffer.from('ALTER TABLE v2 RENAME TO v2_undone;')],
]);

function read(step: string, more = '', baseline = 'v1.yml'): Promise<PlanReading> {
  const plan = `switchback: 1
name: steps
stack: { project: steps }
stores: { orders: { kind: postgres, url: "\${env:URL}" }, own: { kind: postgres, service: db, database: a, user: a } }
clusters: { prod: { namespace: shop } }
baseline: { compose: ${baseline} }
phases:
  - id: p
    ${more}
    steps: [${step}]
    verify: [{ services: 2 }]
`;
  return readPlanText(plan, 'plan.yml', () => memorySource('/stack', contents));
}

async function operation(step: string, more?: string): Promise<Operation> {
  const reading = await read(step, more);
  if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
  const [found] = reading.compiled.phases[0]?.stages.find(({ stage }) => stage === 'apply')?.operations ?? [];
  if (found === undefined) throw new Error('no operation');
  return found;
}
const undoOf = async (step: string, more?: string): Promise<Undo> => (await operation(step, more)).undo;

describe('[K3] sql', () => {
  it('applies a file and takes it back with another', async () => {
    const found = await operation('{ sql: orders, file: expand.sql, undo: rename.sql }');
    expect(found).toMatchObject({
      kind: 'applySql',
      input: { store: 'orders', source: { file: 'expand.sql' }, transactional: true, expand: true },
    });
    expect(found.undo).toMatchObject({
      by: 'operation',
      kind: 'applySql',
      lossy: false,
      input: { source: { file: 'rename.sql' }, transactional: true },
    });
  });
  it('calls an undo lossy that discards data, and says what', async () => {
    expect(await undoOf('{ sql: orders, file: expand.sql, undo: lossy.sql }')).toMatchObject({
      lossy: true,
      summary: expect.stringContaining('DROP TABLE v2'),
    });
  });
  it('keeps what only adds and has no undo', async () => {
    expect(await undoOf('{ sql: orders, file: expand.sql }')).toMatchObject({ by: 'keeping' });
  });
  it('knows no way back from a change without undo, except a recovery point', async () => {
    expect(await undoOf('{ sql: orders, statement: DROP TABLE old }')).toMatchObject({
      by: 'impossible',
      cause: 'it discards data (DROP TABLE old), and the phase has no backup of orders',
    });
    expect(await undoOf('{ sql: orders, statement: DROP TABLE old }', 'backup: [{ store: orders }]')).toMatchObject({
      by: 'impossible',
      cause: 'it discards data (DROP TABLE old); only restoring p-store-orders brings it back',
    });
    expect(await undoOf('{ sql: orders, statement: UPDATE a SET b = 1 }')).toMatchObject({
      cause: expect.stringContaining('it discards data (UPDATE a)'),
    });
  });
  it('warns of a change without undo and without backup', async () => {
    const reading = await read('{ sql: orders, statement: UPDATE a SET b = 1 }');
    expect(reading.ok && reading.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('this cannot be taken back: it does more than add (UPDATE)'),
    ]);
  });
  it('says what lies beside the database: roles, memberships, settings', async () => {
    const resources = async (sql: string) =>
      (await operation(`{ sql: orders, statement: "${sql}", undo: { statement: SELECT 1 } }`)).effects.map(
        ({ resource }) => resource,
      );
    expect(await resources('CREATE TABLE x ()')).toEqual(['store:orders']);
    expect(await resources('CREATE ROLE x; GRANT y TO x; ALTER ROLE z NOLOGIN')).toEqual(['server:orders']);
    expect(await resources('CREATE ROLE x; CREATE TABLE y ()')).toEqual(['store:orders', 'server:orders']);
    expect(await resources('DO $$ BEGIN CREATE ROLE x; END $$')).toEqual(['server:orders']);
  });
  it('carries the proofs of what runs without a transaction', async () => {
    const found = await operation(
      '{ sql: orders, statement: CREATE INDEX CONCURRENTLY i ON a (b), transaction: false, proof: SELECT true, undo: { statement: DROP INDEX CONCURRENTLY i, transaction: false, proof: SELECT false } }',
    );
    expect(found.input).toMatchObject({ transactional: false, proof: 'SELECT true' });
    expect(found.undo).toMatchObject({ input: { transactional: false, proof: 'SELECT false' } });
  });
});

describe('[M6] run', () => {
  it('runs argv in a container of its own, and its undo likewise', async () => {
    const found = await operation('{ run: [a, "b c"], service: web, undo: [z], timeout: 5m, title: Do it }');
    expect(found).toMatchObject({
      kind: 'runContainer',
      summary: 'Do it',
      input: { service: 'web', argv: ['a', 'b c'], timeoutSeconds: 300 },
      undo: { kind: 'runContainer', input: { argv: ['z'] } },
    });
    expect(found.effects).toEqual([{ resource: 'service:web', change: 'read' }]);
  });
  it('says when the command can reach a store, which is detected and not prevented', async () => {
    expect((await operation('{ run: [a], service: db, undo: keep }')).effects).toContainEqual({
      resource: 'store:own',
      change: 'update',
    });
  });
  it('has a way back only where the plan gives one', async () => {
    expect(await undoOf('{ run: [a], service: web }')).toMatchObject({ by: 'impossible' });
    expect(await undoOf('{ run: [a], service: web, undo: keep }')).toMatchObject({ by: 'keeping' });
  });
});

describe('[M3] files', () => {
  it('restores paths from a ref and puts them back', async () => {
    expect(await operation('{ files: [./src/, a.txt], ref: v1.2.0 }')).toMatchObject({
      kind: 'restoreFiles',
      input: { ref: 'v1.2.0', paths: ['src', 'a.txt'] },
      effects: [
        { resource: 'file:src', change: 'replace' },
        { resource: 'file:a.txt', change: 'replace' },
      ],
      undo: { kind: 'putFilesBack', input: { files: [{ path: 'src' }, { path: 'a.txt' }] } },
    });
  });
  it.each([
    ['HEAD~1', 1],
    ['HEAD', 1],
    ['main^', 1],
    ['v1-stable', 0],
    ['HEADER', 0],
  ])('warns of a ref that moves: %s', async (ref, count) => {
    const reading = await read(`{ files: [src], ref: "${ref}" }`);
    expect(reading.ok && reading.warnings.filter(({ message }) => message.includes('another commit'))).toHaveLength(
      count,
    );
  });
});

describe('[M3] files that a service mounts', () => {
  const warned = async (paths: string, more = '') => {
    const reading = await read(`{ files: [${paths}], ref: v1 }`, more, 'mounts.yml');
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    return reading.warnings.filter(({ message }) => message.includes('goes on reading the old one'));
  };
  it.each(['conf/site.conf', './conf/', '"conf/*.conf"'])('warns without a checkpoint: %s', async (path) => {
    expect(await warned(path)).toMatchObject([{ message: expect.stringContaining('`web` mounts') }]);
  });
  it.each(['conf/other.conf', 'con', 'pages', 'pages/index.html'])('says nothing of %s', async (path) => {
    expect(await warned(path)).toEqual([]);
  });
  it('says nothing where a checkpoint follows, which recreates the service', async () => {
    expect(await warned('conf', 'checkpoint: { compose: mounts.yml }')).toEqual([]);
  });
});

describe('[K5] image', () => {
  it('switches a service and goes back to what its Compose file says', async () => {
    expect(await operation('{ image: "shop/web:v9", service: web }')).toMatchObject({
      kind: 'switchImage',
      input: { image: 'shop/web:v9' },
      undo: { input: { service: 'web', image: 'shop/web:v1' } },
    });
  });
  it('warns of tags that float', async () => {
    const messages = async (image: string) => {
      const reading = await read(`{ image: "${image}", service: web }`);
      return reading.ok ? reading.warnings.length : -1;
    };
    expect(await messages('shop/web')).toBe(1);
    expect(await messages('registry:5000/shop/web:latest')).toBe(1);
    expect(await messages('registry:5000/shop/web:1')).toBe(0);
    expect(await messages(`shop/web@sha256:${'a'.repeat(64)}`)).toBe(0);
  });
});

describe('[K1] compose', () => {
  it('applies a checkpoint in the middle, and goes back to the one before', async () => {
    expect(await operation('{ compose: v2.yml, recreate: [web] }')).toMatchObject({
      kind: 'applyCheckpoint',
      input: { checkpoint: 'p-v2', compose: { path: 'v2.yml' }, recreate: ['web'] },
      undo: { kind: 'applyCheckpoint', input: { checkpoint: 'baseline', compose: { path: 'v1.yml' } } },
    });
  });
});

describe('the registry of step kinds', () => {
  it.each(Object.keys(stepKinds))('%s has a page, an example, and tests here', async (kind) => {
    const page = await readFile('docs/plan-language.md', 'utf8');
    expect(page).toContain(`### \`${kind}\``);
    const example = `${await readFile('test/client/bad-plans/valid.yml', 'utf8')}${await readFile('docs/kubernetes.md', 'utf8')}`;
    expect(example).toMatch(new RegExp(`[-{] ?(id: \\w+, )?${kind}: `));
    expect(stepKinds[kind as keyof typeof stepKinds].key).toBe(kind);
  });
});

describe('manifests', () => {
  const step = (files: string, cluster = 'prod') => `{ manifests: [${files}], cluster: ${cluster}, timeout: 2m }`;
  const issues = async (text: string) => {
    const reading = await read(text);
    return reading.ok ? [] : reading.issues.map(({ message, line }) => `${line}: ${message}`);
  };

  it('applies objects, and says which of them stay on the way back', async () => {
    const found = await operation(step('./web.yml'));
    expect(found).toMatchObject({
      kind: 'applyManifests',
      input: { cluster: 'prod', files: ['web.yml'], timeoutSeconds: 120 },
      timeoutSeconds: 180,
      undo: {
        by: 'operation',
        kind: 'restoreManifests',
        summary:
          'put ConfigMap/web, PersistentVolumeClaim/data of prod back as they were; an added PersistentVolumeClaim/data stays',
      },
    });
    expect(found.effects).toContainEqual({ resource: 'object:prod/ConfigMap/web', change: 'update' });
  });

  it('seals its files and names its cluster in the compiled plan', async () => {
    const reading = await read(step('web.yml'));
    expect(reading.ok && reading.compiled).toMatchObject({
      files: ['v1.yml', 'web.yml'],
      clusters: { prod: { namespace: 'shop' } },
    });
  });

  it.each([
    ['web.yml', 'other', 'there is no cluster `other`'],
    ['gone.yml', 'prod', 'the manifest `gone.yml` does not exist'],
    ['other.yml', 'prod', 'Service/web belongs to the namespace `other`, not to `shop` of prod'],
    ['secret.yml', 'prod', 'a step cannot apply a Secret'],
    ['empty.yml', 'prod', 'is no manifest: it has no objects'],
    ['web.yml, web.yml', 'prod', 'ConfigMap/web stands in the step twice'],
  ])('%s in %s is refused', async (files, cluster, message) => {
    expect(await issues(step(files, cluster))).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
  });

  it('shows the place in the file, in each of its documents', async () => {
    expect(await issues(step('secret.yml'))).toEqual([
      expect.stringMatching(/^3: /),
      expect.stringContaining('experimental'),
    ]);
    expect((await issues(step('broken.yml'))).length).toBeGreaterThan(1);
  });
});
