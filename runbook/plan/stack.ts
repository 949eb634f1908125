import { z } from 'zod';
import { hostName, profileName, projectName } from './name.ts';
import { stackPath } from './place.ts';
import { saying } from './saying.ts';

export const stack = z
  .strictObject({
    directory: z.string().min(1).default('.').describe('Where the stack is, relative to the plan file.'),
    project: projectName,
    compose: saying(stackPath, 'The active Compose file, which checkpoints replace.').default('docker-compose.yml'),
    env: saying(stackPath, 'The active env file, which switches together with the Compose file.').exactOptional(),
    profiles: z
      .array(profileName)
      .max(50)
      .default([])
      .describe('Compose profiles whose services belong to the stack; those of others are left alone.'),
    switchBy: z
      .enum(['copy', 'symlink'])
      .default('copy')
      .describe('How a checkpoint becomes active: its files are copied over the active ones, or linked to.'),
    host: hostName.default('local'),
  })
  .describe('The Compose stack that the plan migrates.');

export const checkpointFiles = {
  compose: saying(stackPath, 'The Compose file of this checkpoint.'),
  env: saying(stackPath, 'The env file of this checkpoint.').exactOptional(),
};
