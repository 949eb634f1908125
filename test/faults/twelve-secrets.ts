import { randomBytes } from 'node:crypto';
import type { AgeKeys } from '../real/age-keys.ts';
import type { Own } from '../cases/case-stack.ts';

const sentinel = (kind: string) => `${kind}-${randomBytes(9).toString('hex')}`;

/** One secret of each kind that a stack, a plan or a repository has. */
export const secretsOf = (age: AgeKeys) => ({
  'env file': sentinel('Plain'),
  URL: sentinel('Url'),
  '${env:}': sentinel('Ref'),
  '${file:}': sentinel('Acc'),
  'Compose secret': sentinel('Cs'),
  'database password': sentinel('Db'),
  'S3 key': sentinel('S3'),
  'restic password': sentinel('Restic'),
  'age identity': age.identity,
  'SQL literal': sentinel('Sql'),
  'container log': sentinel('Log'),
  'broken env line': sentinel('Broken'),
});
export type Secrets = ReturnType<typeof secretsOf>;

const env = (secrets: Secrets, more = '') =>
  `PLAIN=${secrets['env file']}\nADMIN_PASSWORD=${secrets['database password']}\nDATABASE_URL=postgres://u:${secrets.URL}@db/app\n${more}`;

const compose = ({ project, image, port }: Own, database: string, release: string, web: object) =>
  JSON.stringify({
    name: project,
    services: {
      db: {
        ...{ image: database, init: true, ports: [`127.0.0.1:${port('db')}:5432`], volumes: ['pgdata:/data'] },
        environment: { SHOP_DB_PASSWORD: 'x', SHOP_DB_ADMIN_PASSWORD: '${ADMIN_PASSWORD}' },
        healthcheck: { test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', 'postgres'], interval: '1s', retries: 90 },
      },
      web: {
        ...{ image: image.v1, init: true, env_file: ['service.env'], secrets: ['key'] },
        environment: { RELEASE: release, A: '${PLAIN}', B: '${DATABASE_URL}', C: 'x${ADMIN_PASSWORD}y' },
        depends_on: { db: { condition: 'service_healthy' } },
        ...web,
      },
    },
    secrets: { key: { file: './key.txt' } },
    volumes: { pgdata: {} },
  });

/** Prints all that it was given, in several spellings, and fails. */
const printAll = `env; cat /run/secrets/key; echo "$$LOG_TOKEN $$A" | base64 -w0; echo "{\\"url\\": \\"$$B\\"}"; exit 3`;

/** A stack with a database and a service whose second release prints its environment; its points go to S3. */
export function plantedStack(own: Own, secrets: Secrets, database: string, bucket: string): Record<string, string> {
  return {
    'docker-compose.yml': compose(own, database, '1', {}),
    'docker/v1.yml': compose(own, database, '1', {}),
    'docker/v2.yml': compose(own, database, '2', {}),
    'docker/v3.yml': compose(own, database, '3', { command: ['sh', '-c', printAll] }),
    '.env': env(secrets),
    'docker/.env.v1': env(secrets),
    'docker/.env.v2': env(secrets, 'MORE=1\n'),
    'docker/.env.v3': env(secrets, 'MORE=2\n'),
    'service.env': `LOG_TOKEN=${secrets['container log']}\n`,
    'key.txt': `${secrets['Compose secret']}\n`,
    'access.key': `${secrets['${file:}']}\n`,
    's3.key': `${secrets['S3 key']}\n`,
    'restic.key': `${secrets['restic password']}\n`,
    'role.sql': `create role planted login password '${secrets['SQL literal']}';\n`,
    'role.undo.sql': 'drop role planted;\n',
    'switchback.yml': `switchback: 1
name: planted
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml, env: .env }
stores:
  shop: { kind: postgres, service: db, database: shop, user: postgres, password: '\${env:ADMIN_PASSWORD}' }
  other: { kind: postgres, url: 'postgres://keeper:\${env:OTHER_PASSWORD}@127.0.0.1:${own.port('db')}/other' }
repository:
  kind: restic
  at: ${bucket}
  password: '\${file:restic.key}'
  environment: { AWS_ACCESS_KEY_ID: '\${file:access.key}', AWS_SECRET_ACCESS_KEY: '\${file:s3.key}' }
baseline: { compose: docker/v1.yml, env: docker/.env.v1, services: 2 }
phases:
  - id: good
    backup: [{ store: shop }, { store: other }]
    steps: [{ sql: shop, file: role.sql, undo: role.undo.sql }]
    checkpoint: { compose: docker/v2.yml, env: docker/.env.v2 }
    verify: [{ services: 2, healthy: true }]
  - id: prints
    checkpoint: { compose: docker/v3.yml, env: docker/.env.v3 }
    verify: [{ services: 2, healthy: true }]
`,
  };
}

/** A stack whose points are encrypted to a key that lies beside the plan. */
export function encryptedStack({ project, image }: Own, { identity, recipient }: AgeKeys): Record<string, string> {
  const text = JSON.stringify({
    ...{ name: project, volumes: { data: {} } },
    services: { web: { image: image.v1, init: true, volumes: ['data:/data'] } },
  });
  return {
    'docker-compose.yml': text,
    'docker/v1.yml': text,
    'age.key': `${identity}\n`,
    'switchback.yml': `switchback: 1
name: encrypted
stack: { directory: ., project: ${project}, compose: docker-compose.yml }
repository: { kind: folder, encrypt: { to: [${recipient}], identity: '\${file:age.key}' } }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: one
    backup: [{ volume: ${project}_data }]
    checkpoint: { compose: docker/v1.yml }
    verify: [{ services: 1 }]
`,
  };
}

/** The env file of the third checkpoint with a quote that is not closed. */
export const brokenEnv = (secrets: Secrets) => env(secrets, `API_TOKEN="${secrets['broken env line']}\n`);
