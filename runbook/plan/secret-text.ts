import { z } from 'zod';
import { aReference, secretHint } from './secret-reference.ts';

/** A text whose secret parts are references, which only the worker resolves. */
export const secretText = z.string().regex(aReference, 'holds no secret reference').describe(secretHint);
