import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { writeInitialPlan } from '../../client/init/index.ts';
import { readPlan } from '../../client/plan-file/index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchback-init-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('a first plan, with docker compose at hand', () => {
  it('takes names and ports from what Compose itself makes of the files', async () => {
    writeFileSync(join(directory, '.env'), 'STACK=moto\nAPI_PORT=3001\nPASSWORD=hunter2\n');
    writeFileSync(
      join(directory, 'docker-compose.yml'),
      `
name: \${STACK}-prod
x-common: &common { restart: always, volumes: [ "data:/data", "./conf:/conf:ro" ] }
services:
  api:
    <<: *common
    image: api:\${STACK}
    ports: [ { target: 8080, published: "\${API_PORT}", host_ip: 127.0.0.1 }, "127.0.0.1:9100-9101:9100-9101", "7000" ]
    environment: { PASSWORD: "\${PASSWORD}" }
    healthcheck: { test: curl -fsS http://localhost:8080/ready }
volumes: { data: { name: "\${STACK}_data" } }
`,
    );
    const { path, text } = await writeInitialPlan({ directory });
    expect(text).not.toContain('hunter2');
    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    expect(reading.plan.stack.project).toBe('moto-prod');
    expect(reading.plan.phases[0]?.backup).toEqual([{ volume: 'moto_data', quiesce: 'stop' }]);
    expect(readFileSync(path, 'utf8')).toContain('http://127.0.0.1:');
    expect(reading.plan.phases[0]?.verify).toMatchObject([
      { services: 1 },
      { http: expect.stringMatching(/:(\$\{API_PORT\}|3001)\/ready$/) },
    ]);
  });

  it('fits the shop', async () => {
    const shop = join(import.meta.dirname, '../../examples/shop');
    cpSync(join(shop, 'docker/v1-baseline.yml'), join(directory, 'docker-compose.yml'));
    cpSync(join(shop, 'docker/.env.v1'), join(directory, '.env'));
    const { path, warnings } = await writeInitialPlan({ directory });
    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    expect(warnings.join('\n')).not.toContain('could not read');
    expect(reading.plan.baseline.services).toBe(6);
    expect(reading.plan.stores['db']).toMatchObject({ user: 'shop', database: 'shop' });
  });
});
