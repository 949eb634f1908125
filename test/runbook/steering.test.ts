import { expect, it } from '@jest/globals';
import { steeringOf } from '../../runbook/steering.ts';

const overruled =
  'COMPOSE_PROJECT_NAME COMPOSE_FILE COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES COMPOSE_ENV_FILES COMPOSE_REMOVE_ORPHANS COMPOSE_IGNORE_ORPHANS COMPOSE_PARALLEL_LIMIT COMPOSE_HTTP_TIMEOUT COMPOSE_DOCKER_CLI_BUILD COMPOSE_BAKE COMPOSE_MENU COMPOSE_ANSI COMPOSE_STATUS_STDOUT DOCKER_BUILDKIT';
const steers =
  'COMPOSE_ COMPOSE_CONVERT_WINDOWS_PATHS COMPOSE_FILE2 DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION DOCKER_DEFAULT_PLATFORM';
const ordinary =
  'XCOMPOSE_FILE XDOCKER_HOST DOCKER_HOST_NAME DOCKER_BUILDKITS XDOCKER_BUILDKIT COMPOSER DOCKER_IMAGE PATH';

it.each([
  ...overruled.split(' ').map((name) => [name, 'overruled'] as const),
  ...steers.split(' ').map((name) => [name, 'steers'] as const),
  ...ordinary.split(' ').map((name) => [name, undefined] as const),
])('%s in an env file: %s', (name, what) => {
  expect(steeringOf(name)).toBe(what);
});
