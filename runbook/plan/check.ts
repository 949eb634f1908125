import { z } from 'zod';
import { duration } from './duration.ts';
import { keyed } from './keyed.ts';
import { argv, serviceName, storeName } from './name.ts';
import { saying } from './saying.ts';

const servicesCheck = z.strictObject({
  services: z.int().min(0).max(10_000).describe('Exactly so many services; one-shot services that ended with 0 count.'),
  healthy: z.boolean().default(true).describe('Whether all of them must be healthy.'),
});

const httpCheck = z.strictObject({
  http: z
    .string()
    .regex(/^https?:\/\/[^\s/]+/, 'is not an http address')
    .describe('The address, e.g. http://127.0.0.1:8090/health.'),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .exactOptional()
    .describe('The method; GET when left out.'),
  status: z.int().min(100).max(599).default(200).describe('The status that must come back.'),
  body: z.string().max(10_000).exactOptional().describe('Text that the body must contain.'),
  under: saying(duration, 'How long the answer may take.').prefault('5s'),
});

const sqlCheck = z.strictObject({
  sql: saying(storeName, 'The store to ask.'),
  query: z.string().min(1).max(20_000).describe('A query; the first column of its first row is compared.'),
  expect: z
    .union([z.string(), z.number(), z.boolean()])
    .transform(String)
    .describe('The expected value as the database writes it: 42, t, active.'),
});

const runCheck = z.strictObject({
  run: argv,
  service: saying(serviceName, 'The service whose image and networks the command gets, in a container of its own.'),
  exitCode: z.int().min(0).max(255).default(0).describe('The exit code that must come back.'),
  timeout: saying(duration, 'How long the command may take.').prefault('1m'),
});

/** The checks that exist, by the key that names them. */
export const checkSchemas = { services: servicesCheck, http: httpCheck, sql: sqlCheck, run: runCheck };

export const check = keyed('a check', checkSchemas);
export type PlanCheck = z.output<typeof check>;

/** Checks alone, or with how long and how often they are tried. */
export const checks = z.union([
  z.array(check).min(1),
  z.strictObject({
    checks: z.array(check).min(1).describe('What must hold.'),
    within: saying(duration, 'How long the checks have to become true.').prefault('2m'),
    every: saying(duration, 'How often they are tried.').prefault('2s'),
    consecutive: z.int().min(1).max(1000).default(2).describe('How many times in a row all must hold.'),
  }),
]);
