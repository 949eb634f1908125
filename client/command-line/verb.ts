import type { Command } from 'commander';
import type { Answer } from './answer.ts';
import type { Context, EveryOption } from './context.ts';

/** Headings of `switchback --help`, in this order. */
export const groups = ['Plans', 'This machine', 'A run', 'An operator says', 'Recovery points', 'Records'] as const;

/**
 * One verb of the command line. Its file says what it takes and does; everything heavy (the Temporal client, the plan's schema)
 * is imported inside `run`, so that no verb pays for what another needs.
 */
export interface Verb<Options = object> {
  name: string;
  group: (typeof groups)[number];
  summary: string;
  /** Paragraphs below the summary in `--help`. */
  details?: string;
  /** What to type and what it does; at least one. */
  examples: readonly (readonly [type: string, why: string])[];
  /** Declares arguments and options of its own. */
  declare?(command: Command): Command;
  run(options: Options & EveryOption, context: Context, args: string[]): Promise<Answer | undefined>;
}

/** Ties the type of a verb's options to its `run`. */
export const defineVerb = <Options = object>(verb: Verb<Options>): Verb => verb as Verb;
