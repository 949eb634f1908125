import { describe, expect, it } from '@jest/globals';

import { composeEnvironment, namesInEnvFile, refuseSteering } from '../../../activities/compose/index.ts';

describe('the environment of Compose', () => {
  it('has nothing of a hostile shell', () => {
    const hostile = {
      PATH: '/bin',
      HOME: '/root',
      COMPOSE_FILE: 'evil.yml',
      COMPOSE_PROJECT_NAME: 'evil',
      DOCKER_CONTEXT: 'evil',
      DOCKER_DEFAULT_PLATFORM: 'evil',
      DB_PASSWORD: 'from the shell',
      DOCKER_HOST: 'tcp://evil',
    };
    expect(composeEnvironment(hostile, 'unix:///run/docker.sock')).toEqual({
      PATH: '/bin',
      HOME: '/root',
      DOCKER_HOST: 'unix:///run/docker.sock',
      DOCKER_CLI_HINTS: 'false',
    });
  });
});

describe('an env file', () => {
  it('names what it sets, in each spelling', () => {
    expect(namesInEnvFile('# COMPOSE_FILE=x\nA=1\r\nexport B = 2\n  C: 3\nD\nE="COMPOSE_X=1"\n\n1F=2')).toEqual([
      'A',
      'B',
      'C',
      'D',
      'E',
    ]);
  });

  it.each([
    'COMPOSE_COMPATIBILITY=true',
    'export COMPOSE_CONVERT_WINDOWS_PATHS=1',
    ' COMPOSE_EXPERIMENTAL=a',
    'COMPOSE_X',
    'DOCKER_HOST=tcp://x',
    'DOCKER_CONTEXT: y',
  ])('that says %s is refused without its value', (line) => {
    expect(() => refuseSteering('.env', `A=1\n${line}\n`)).toThrow(/\.env sets (COMPOSE|DOCKER)_\w+, which/);
  });

  // What the plan says outright is passed on, and comes before the env file.
  it.each([
    'COMPOSE_FILE=x',
    'COMPOSE_PROJECT_NAME=x',
    'COMPOSE_PROFILES=a',
    'DOCKER_BUILDKIT=1',
    'DOCKER_IMAGE=x',
    'MY_COMPOSE_FILE=x',
    'A=COMPOSE_FILE',
    '#COMPOSE_FILE=x',
  ])('that says %s is fine', (line) => {
    expect(() => refuseSteering('.env', line)).not.toThrow();
  });
});
