import { describeWayBack, promisedSeconds, type Rehearsal, type WayBack } from '../../runbook/rehearsal.ts';
import { formatAge, formatDuration } from './duration.ts';
import type { Page, Style } from './style.ts';
import { hang } from './table.ts';

const colours = { held: 'green', failed: 'red', 'not-rehearsed': 'yellow' } as const;

/** What is known of a way back, in the colour of what it means. */
export function wayBackLine(known: WayBack | undefined, style: Style, now?: Date): string {
  const age = known === undefined || now === undefined ? '' : `, ${formatAge(known.at, now)}`;
  return style[known === undefined ? 'dim' : colours[known.outcome]](`${describeWayBack(known)}${age}`);
}

/** What a rollback over several phases is promised to take, and what of it nobody has tried. */
export function promiseLines(
  phases: readonly { id: string }[],
  known: (phase: string) => WayBack | undefined,
  style: Style,
  now: Date,
): string[] {
  const promised = promisedSeconds(phases.map(({ id }) => known(id)));
  if (promised !== undefined) {
    const at = phases.length === 1 ? '' : 'at most ';
    return [style.green(`takes ${at}${formatDuration(promised * 1000)}, as rehearsed`)];
  }
  return phases.map(({ id }) => `${id}: ${wayBackLine(known(id), style, now)}`);
}

/** What a rehearsal found, phase by phase. */
export function rehearsalPage(found: readonly Rehearsal[], { style }: Page): string[] {
  return found.flatMap((one, index) => {
    const { seconds } = one;
    const leg = (name: string, took: number | undefined) =>
      took === undefined ? [] : [`${name} ${formatDuration(took * 1000)}`];
    const times = seconds
      ? [
          ...leg('clone', seconds.build),
          ...leg('forward', seconds.forward),
          ...leg('back', seconds.back),
          ...leg('forward again', seconds.again),
        ]
      : [];
    return [
      ...(index > 0 ? [''] : []),
      `${style.bold(one.phase)}  ${hang(wayBackLine(one, style), 4)}`,
      ...(times.length > 0 ? [`  ${times.join(', ')}`] : []),
      ...one.differences.map((line) => `  ${style.red('differs')}   ${hang(line, 12)}`),
      ...one.compared.map((line) => `  compared  ${hang(line, 12)}`),
      ...one.notes.map((line) => `  ${style.dim(`note      ${hang(line, 12)}`)}`),
    ];
  });
}
