import { z } from 'zod';
import { size } from './size.ts';

export const budget = z
  .strictObject({
    cpus: z.number().positive().max(100_000).exactOptional(),
    memory: size.exactOptional(),
    services: z.int().min(0).max(10_000).exactOptional(),
    over: z.enum(['warn', 'stop']).default('warn').describe('What happens when the checkpoint needs more.'),
  })
  .describe('What the checkpoint may use, compared with the sum of its limits before it starts.');
