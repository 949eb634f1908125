import { describe, expect, it } from '@jest/globals';
import { secondsUntilReminder } from '../../runbook/reminder.ts';

describe('reminders of an approval', () => {
  it('come as the plan says at first, then ever more rarely, down to one a day', () => {
    const minutes = [1, 2, 3, 4, 7, 8, 9].map((nth) => secondsUntilReminder(900, nth) / 60);
    expect(minutes).toEqual([15, 30, 60, 120, 960, 1440, 1440]);
    expect(secondsUntilReminder(7 * 86_400, 5)).toBe(7 * 86_400);
  });

  it('of a gate that waits for a year fill no history: some ten events for each', () => {
    let [seconds, reminders] = [0, 0];
    while (seconds < 365 * 86_400) {
      reminders += 1;
      seconds += secondsUntilReminder(60, reminders);
    }
    expect(reminders * 10).toBeLessThan(5_000);
  });
});
