import { answerOf } from './answer-of.ts';
import { missing, ok, warning, type Finding, type Machine } from './finding.ts';
import { atLeast, versionIn } from './version-order.ts';

/** Oldest engine whose API has what we call, and oldest Compose with `config --format json` as we read it. */
const oldestEngine = [20, 10];
const oldestCompose = [2, 20];
const baseImage = 'debian:bookworm-slim';

export async function lookAtDocker({ env }: Machine): Promise<Finding[]> {
  const engine = await answerOf('docker', ['version', '--format', '{{.Server.Version}}'], env);
  if ('problem' in engine) {
    return [
      missing(
        'docker',
        `the Docker engine does not answer: ${engine.problem}`,
        'Install Docker Engine (https://docs.docker.com/engine/install) and start it, or run `npm run setup`; on Linux your user has to be in the group docker.',
      ),
    ];
  }
  const [compose, image] = await Promise.all([
    answerOf('docker', ['compose', 'version', '--short'], env),
    answerOf('docker', ['image', 'inspect', '--format', '{{.Id}}', baseImage], env),
  ]);
  return [
    atLeast(versionIn(engine.out), oldestEngine)
      ? ok('docker', `Docker engine ${engine.out}`)
      : missing('docker', `Docker engine ${engine.out} is too old`, `Update it to ${oldestEngine.join('.')} or newer.`),
    'problem' in compose
      ? missing(
          'compose',
          `the Compose plugin is not there: ${compose.problem}`,
          'Install docker-compose-plugin (https://docs.docker.com/compose/install/linux), or run `npm run setup`.',
        )
      : atLeast(versionIn(compose.out), oldestCompose)
        ? ok('compose', `Docker Compose ${compose.out}`)
        : missing(
            'compose',
            `Docker Compose ${compose.out} is too old`,
            `Update the plugin to ${oldestCompose.join('.')} or newer.`,
          ),
    'problem' in image
      ? missing(
          'base-image',
          `the image ${baseImage} is not on this engine`,
          `Volumes are backed up in it: \`docker pull ${baseImage}\`, or run \`npm run setup\`.`,
        )
      : ok('base-image', `image ${baseImage}`),
  ];
}

/** Tools that the worker starts on its own host. */
const tools = [
  {
    id: 'git',
    file: 'git',
    args: ['--version'],
    needed: true,
    why: 'tags and pre-migration records',
    get: 'Install git.',
  },
  {
    id: 'zstd',
    file: 'zstd',
    args: ['--version'],
    needed: false,
    why: 'backups stay uncompressed without it',
    get: 'Install zstd.',
  },
  {
    id: 'pg-tools',
    file: 'pg_dump',
    args: ['--version'],
    needed: false,
    why: 'databases by URL are backed up with it',
    get: "Install postgresql-client of the server's version or newer.",
  },
] as const;

export async function lookAtTools({ env }: Machine): Promise<Finding[]> {
  return Promise.all(
    tools.map(async ({ id, file, args, needed, why, get }) => {
      const answer = await answerOf(file, args, env);
      if ('out' in answer) return ok(id, answer.out.split('\n')[0]!.replaceAll('*', '').trim());
      return (needed ? missing : warning)(id, `${file}: ${answer.problem}`, `${get} It is for: ${why}.`);
    }),
  );
}
