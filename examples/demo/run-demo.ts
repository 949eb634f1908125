import { amendRecord, claim, refuseOther } from './claim.ts';
import { showClosing, showTimes } from './closing.ts';
import type { Place } from './place.ts';
import { judge, type Judged } from './promises.ts';
import { tellStory, type Outcome } from './scenario.ts';
import type { Screen } from './screen.ts';
import { setUp } from './set-up.ts';
import { Stopwatch } from './stopwatch.ts';
import { tearDown, type Cleared } from './tear-down.ts';

export interface DemoOptions {
  screen: Screen;
  signal: AbortSignal;
  /** Leave everything up. */
  keep: boolean;
  /** More of the environment of what is typed, and so of the worker. */
  environment?: Record<string, string>;
  /** Called when the stage is set, before anything is typed. */
  staged?: (place: Place) => Promise<void>;
}

/**
 * The whole demo: clears away what a dead predecessor left, sets the stage, tells the story, judges it and cleans up, whatever
 * happens on the way.
 * @throws Error when the story could not be told to its end
 */
export async function runDemo(place: Place, options: DemoOptions): Promise<{ outcome: Outcome; judged: Judged[] }> {
  const { screen, signal, keep, environment = {}, staged } = options;
  const stopwatch = new Stopwatch();
  await refuseOther(place);
  const left = await tearDown(place);
  if (anything(left)) screen.say(`cleared away what an earlier demo left: ${describe(left)}`);
  await claim(place);
  let told = false;
  try {
    screen.heading('The stage');
    const demo = await setUp(place, { screen, signal, stopwatch, brokenRelease: true, environment });
    await staged?.(place);
    const outcome = await tellStory(demo);
    const judged = judge(outcome);
    showClosing(outcome, judged, screen);
    told = true;
    if (keep) {
      await amendRecord(place, { kept: true });
      showTimes(stopwatch, screen);
    }
    return { outcome, judged };
  } finally {
    if (!keep || !told) {
      const cleared = await stopwatch.measure('clean-up', () => tearDown(place));
      if (told) showTimes(stopwatch, screen);
      screen.say(`\ncleared away: ${describe(cleared)}`);
    }
  }
}

const anything = (cleared: Cleared): boolean => Object.values(cleared).some((count: number) => count > 0);

export const describe = (cleared: Cleared): string =>
  anything(cleared)
    ? Object.entries(cleared)
        .filter(([, count]) => count > 0)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ')
    : 'nothing was there';
