import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerEnvironment, enginePlace, type EnginePlace } from '../../activities/docker/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { answerOf } from './answer-of.ts';
import { missing, ok, warning, type Finding, type Machine } from './finding.ts';
import { atLeast, versionIn } from './version-order.ts';

/** Oldest engine whose API has what we call, and oldest Compose with `config --format json` as we read it. */
const oldestEngine = [20, 10];
const oldestCompose = [2, 20];
const baseImage = 'debian:bookworm-slim';

/** A container on a busy machine takes its time to start. */
const containerMs = 60_000;

/** Whether containers see the files of this machine: backups, checkpoints and secrets are handed to them in folders. */
async function lookAtFiles(home: string, place: EnginePlace, env: NodeJS.ProcessEnv): Promise<Finding> {
  const word = randomBytes(12).toString('hex');
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(existsSync(home) ? home : tmpdir(), '.doctor-'));
    await writeFile(join(folder, 'word'), word);
    const mount = `type=bind,source=${folder},target=/seen,readonly`;
    const argv = ['run', '--rm', '--network=none', '--pull=never', `--mount=${mount}`, baseImage, 'cat', '/seen/word'];
    const answer = await answerOf('docker', argv, env, containerMs);
    if ('out' in answer && answer.out === word)
      return ok('files', `containers see the files of this machine (${home})`);
    const why = 'problem' in answer ? answer.problem : 'the folder is another one there';
    if ('problem' in answer && !/does not exist|no such file|invalid mount|not shared/i.test(why))
      return warning(
        'files',
        `whether containers see ${home} cannot be told: ${why}`,
        'Type this again when the engine is at rest.',
      );
    return missing(
      'files',
      `containers of the engine at ${place.host} (${place.from}) do not see ${folder}: ${why}`,
      'Use an engine on this machine, or one that shares its folders: `docker context use default`, or correct DOCKER_HOST. With Docker Desktop, share the home folder in its settings.',
    );
  } catch (error) {
    return warning(
      'files',
      `whether containers see ${home} cannot be tried: ${(error as Error).message}`,
      'Make the folder writable, then type this again.',
    );
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

export async function lookAtDocker({ env: shell, settings }: Machine): Promise<Finding[]> {
  let place: EnginePlace;
  try {
    place = enginePlace(shell);
  } catch (error) {
    if (!(error instanceof SwitchbackError)) throw error;
    return [missing('docker', error.message, error.hint ?? 'Name the engine by DOCKER_HOST.')];
  }
  // The worker that `up` starts from this shell reaches the same one.
  const env = dockerEnvironment(shell, place.host);
  const engine = await answerOf('docker', ['version', '--format', '{{.Server.Version}}'], env);
  if ('problem' in engine) {
    return [
      missing(
        'docker',
        `the Docker engine at ${place.host} (${place.from}) does not answer: ${engine.problem}`,
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
      ? ok(
          'docker',
          `Docker engine ${engine.out} at ${place.host}${place.from === 'default' ? '' : ` (${place.from})`}`,
        )
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
    ...('problem' in image ? [] : [await lookAtFiles(settings.home, place, env)]),
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
