import { z } from 'zod';
import { saying } from './saying.ts';
import { size } from './size.ts';

export const budget = z
  .strictObject({
    cpus: z.number().positive().max(100_000).exactOptional().describe('Processors, e.g. 3.5.'),
    memory: saying(size, 'Memory of all services together.').exactOptional(),
    services: z.int().min(0).max(10_000).exactOptional().describe('How many services.'),
    over: z.enum(['warn', 'stop']).default('warn').describe('What happens when the checkpoint needs more.'),
  })
  .describe('What the checkpoint may use, compared with the sum of its limits before it starts.');
