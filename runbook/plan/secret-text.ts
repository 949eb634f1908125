import { z } from 'zod';
import { secretHint } from './secret-reference.ts';

/** A text whose secret parts are references, which only the worker resolves. */
export const secretText = z
  .string()
  .regex(/\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}\n]+)\}/, 'holds no secret reference')
  .describe(secretHint);
