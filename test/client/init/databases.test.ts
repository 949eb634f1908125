import { describe, expect, it } from '@jest/globals';

import type { AskDocker } from '../../../client/init/ask-docker.ts';
import { dangersIn } from '../../../client/init/dangers.ts';
import { lookAtEngine } from '../../../client/init/look-at-engine.ts';
import { postgresStores } from '../../../client/init/recognise.ts';
import { renderPlan } from '../../../client/init/render-plan.ts';
import { sketchStack } from '../../../client/init/stack-sketch.ts';

const environment = { POSTGRES_DB: 'shop', POSTGRES_USER: 'me' };
const volumes = ['data:/var/lib/postgresql/data', './init:/docker-entrypoint-initdb.d'];
const sketch = () =>
  sketchStack({
    project: 'shop',
    written: { services: { db: { image: 'postgres:16', environment, volumes } }, volumes: { data: {} } },
    ports: [],
    profiles: [],
  });

/** A server with these databases; what holds nothing answers `false`, and `closed` lets nobody in. */
const serverWith =
  (...databases: string[]): AskDocker =>
  async (argv) => {
    if (argv[0] === 'ps') return { out: 'abc db', said: '' };
    if (argv[0] !== 'exec') return { out: argv[0] === 'image' ? 'null' : '', said: '' };
    const asked = argv[argv.indexOf('-d') + 1] ?? '';
    if (argv.at(-1)?.startsWith('select datname') === true) return { out: `${databases.join('\n')}\n`, said: '' };
    if (asked === 'closed') return { problem: 'it is not accepting connections', missing: false };
    return { out: asked === 'postgres' ? 'false\n' : 'true\n', said: '' };
  };

const planOf = (found: ReturnType<typeof sketch>) =>
  renderPlan({
    sketch: found,
    directory: '.',
    compose: 'c.yml',
    profiles: [],
    dangers: [],
    baseline: { compose: 'v1' },
  });

describe('[K10] the databases of one server', () => {
  it('are a store each, in the plan and in its backup', async () => {
    const found = sketch();
    await lookAtEngine(serverWith('closed', 'Order Bridge', 'postgres', 'shop'), found);
    expect(postgresStores(found.services).map(({ store, database }) => [store, database])).toEqual([
      ['db', 'shop'],
      ['db-closed', 'closed'],
      ['db-order-bridge', 'Order Bridge'],
    ]);
    expect(planOf(found)).toMatch(/- { store: db-closed }[\s\S]*has what the dumps have/);
    expect(dangersIn(found, '/x').join()).not.toContain('scripts made the databases');
  });

  it('are not known of a server that does not run: the plan says so', async () => {
    const found = sketch();
    await lookAtEngine(async () => ({ problem: 'no daemon', missing: true }), found);
    expect(postgresStores(found.services)).toHaveLength(1);
    expect(planOf(found)).toContain('has what the dump has, and databases of the server that are no store');
    expect(dangersIn(found, '/x').join()).toContain('scripts made the databases');
  });
});
