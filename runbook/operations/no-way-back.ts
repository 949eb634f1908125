import type { ByHandInput } from '../break-glass/by-hand-input.ts';
import { quote } from '../break-glass/quote.ts';
import { byHand, type Step } from '../break-glass/step.ts';
import type { Operation } from './operation.ts';

/** The step of a kind by which nothing is taken back: it is shown to a person as it is. */
export const noWayBack = ({ id, kind, summary }: Operation, { target }: ByHandInput): Step =>
  byHand(id, summary, {
    why: `${kind} is no way back that a shell knows`,
    commands: [`switchback history --target ${quote(target)}`],
  });
