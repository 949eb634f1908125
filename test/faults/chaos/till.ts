import { composeFile } from '../../real/compose/stack-fixture.ts';
import { addressOf, subnetOf } from './own-network.ts';

/** The smallest stack that has everything that can be lost: a database, a volume, a service, files; and a plan of two phases. */
export function till({ project, port }: { project: string; port: number }) {
  const db = (version: string) => ({
    image: 'switchback-shop/db:15',
    init: true,
    // Not unless-stopped: what a daemon that was killed ends at its next start counts as stopped by a person.
    restart: 'always',
    environment: { SHOP_DB_PASSWORD: 'x', SHOP_DB_ADMIN_PASSWORD: 'x' },
    ports: [`${addressOf(process.pid)}:${port}:5432`],
    volumes: ['db_data:/data'],
    labels: { version },
    stop_grace_period: '5s',
    healthcheck: {
      test: ['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', 'shop', '-d', 'shop'],
      interval: '1s',
      retries: 30,
    },
  });
  const app = (version: string) => ({
    image: 'switchback-shop/db:15',
    init: true,
    // Not unless-stopped: what a daemon that was killed ends at its next start counts as stopped by a person.
    restart: 'always',
    entrypoint: ['sleep', 'infinity'],
    user: 'root',
    environment: { VERSION: version },
    volumes: ['app_data:/var/app'],
    stop_grace_period: '1s',
  });
  const compose = (version: string) =>
    composeFile(
      { db: db(version), app: app(version) },
      { subnet: `${subnetOf(process.pid)}.0/28`, volumes: { db_data: {}, app_data: {} } },
    );
  return {
    'docker-compose.yml': compose('1'),
    'docker/v1.yml': compose('1'),
    'docker/v2.yml': compose('2'),
    'schemas/view.sql': 'create view big_orders as select * from public.orders where amount > 500;\n',
    'schemas/view.undo.sql': 'drop view big_orders;\n',
    'schemas/index.sql': 'create index orders_by_amount on public.orders (amount);\n',
    'schemas/index.undo.sql': 'drop index orders_by_amount;\n',
    'switchback.yml': `switchback: 1
name: till
stack: { directory: ., project: ${project}, compose: docker-compose.yml }
stores:
  orders: { kind: postgres, url: '\${env:TILL_ADMIN_URL}' }
protect:
  - { store: orders, tables: [public.orders], allow: expand }
  - { volume: ${project}_db_data }
baseline: { compose: docker/v1.yml, services: 2 }
phases:
  - id: expand
    risk: medium
    checkpoint: { compose: docker/v1.yml }
    backup: [ { store: orders }, { volume: ${project}_app_data, quiesce: pause } ]
    steps: [ { sql: orders, file: schemas/view.sql, undo: schemas/view.undo.sql } ]
    verify: [ { services: 2 } ]
  - id: switch
    risk: high
    checkpoint: { compose: docker/v2.yml }
    backup: [ { store: orders } ]
    cutover: { steps: [ { sql: orders, file: schemas/index.sql, undo: schemas/index.undo.sql } ] }
    verify: [ { services: 2 }, { sql: orders, query: "select count(*) from pg_class where relname = 'orders_by_amount'", expect: '1' } ]
`,
  };
}
