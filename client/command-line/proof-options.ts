import type { Command } from 'commander';

/** Options that prove what a person did by hand; each may be repeated. */
export interface ProofOptions {
  proofHttp?: string[];
  proofSql?: string[];
  proofRun?: string[];
  proofServices?: string[];
}

/** For options that may be repeated. */
export const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const proofOptions = (command: Command): Command =>
  command
    .option('--proof-http <[status] url>', 'GET answers with this status (200)', collect)
    .option('--proof-sql <store: query => value>', 'the first column of the first row is this value', collect)
    .option('--proof-run <service: command>', "the command exits 0 in the service's image", collect)
    .option('--proof-services <count>', 'exactly so many services run, all healthy', collect);
