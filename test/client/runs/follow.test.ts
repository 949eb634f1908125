import { describe, expect, it } from '@jest/globals';
import { plainPage } from '../../../client/rendering/style.ts';
import { FollowLog } from '../../../client/runs/follow-log.ts';
import { FollowScreen } from '../../../client/runs/follow-screen.ts';
import type { Look } from '../../../client/runs/follow.ts';
import { LiveLines } from '../../../client/runs/live-lines.ts';
import type { LiveActivity } from '../../../client/temporal/live-progress.ts';
import type { RunStatus } from '../../../runbook/run-state.ts';
import { runStatus } from './run-status.ts';

const look = (
  parts: Partial<RunStatus> = {},
  activities: LiveActivity[] = [],
  source: 'run' | 'journal' = 'run',
): Look => ({
  report: { source, asOf: '2026-03-01T10:00:00.000Z', status: runStatus(parts), ui: 'http://ui' },
  activities,
});
const copying = (done: number, heartbeatAt: number, doing = 'copying'): LiveActivity => ({
  activity: 'backupVolume',
  attempt: 1,
  heartbeatAt,
  progress: { doing, done, total: 1000, unit: 'rows' },
});

describe('live lines', () => {
  it('have a rate and a time left once two heartbeats differ, and keep them while the same one is repeated', () => {
    const live = new LiveLines();
    expect(live.lines([copying(100, 1000)])).toEqual(['copying [##..................] 100 of 1,000 rows (10 %)']);
    const moved = ['copying [####................] 200 of 1,000 rows (20 %), 100 rows/s, 8.0 s left'];
    expect(live.lines([copying(200, 2000)])).toEqual(moved);
    expect(live.lines([copying(200, 2000)])).toEqual(moved);
  });

  it('smooth an uneven rate, and forget it when something else is being done', () => {
    const live = new LiveLines();
    live.lines([copying(100, 1000)]);
    live.lines([copying(200, 2000)]);
    expect(live.lines([copying(500, 3000)])[0]).toContain('200 rows/s');
    expect(live.lines([copying(10, 4000, 'checking')])).toEqual([
      'checking [....................] 10 of 1,000 rows (1 %)',
    ]);
  });

  it('show an attempt that has not reported yet only when it is not the first', () => {
    const silent = { activity: 'applySql', attempt: 1 };
    expect(new LiveLines().lines([silent])).toEqual([]);
    expect(new LiveLines().lines([{ ...silent, attempt: 3, lastFailure: 'refused' }])).toEqual([
      'applySql (attempt 3); the last one failed: refused',
    ]);
  });
});

describe('following in plain lines', () => {
  const log = () => {
    const printed: string[] = [];
    const noted: string[] = [];
    const time = { now: 0 };
    const follower = new FollowLog(
      { print: (line) => printed.push(line.replace(/^\d\d:\d\d:\d\d /, '')), note: (line) => noted.push(line) },
      () => new Date(time.now),
    );
    return { follower, printed, noted, time };
  };

  it('tells each entry of the story once, also two of the same words at the same moment', () => {
    const { follower, printed } = log();
    const [entry] = runStatus().timeline;
    follower.show(look());
    follower.show(look());
    follower.show(look({ timeline: [entry!, entry!, { at: '2026-03-01T10:00:01.000Z', text: 'two\nlines' }] }));
    expect(printed).toEqual([' plan shop-v2 is sealed', ' plan shop-v2 is sealed', ' two\n          lines']);
  });

  it('tells progress in steps of a tenth, and every so often in between', () => {
    const { follower, printed, time } = log();
    const at = (now: number, done: number) => {
      time.now = now;
      follower.show(look({ timeline: [] }, [copying(done, now + 1)]));
    };
    at(0, 100);
    at(1000, 150);
    at(2000, 210);
    at(3000, 215);
    at(20_000, 220);
    at(21_000, 220);
    expect(printed.map((line) => /(\d+) of/.exec(line)?.[1])).toEqual(['100', '210', '220']);
  });

  it('says once that it looks at the journal, or at nothing', () => {
    const { follower, noted, printed } = log();
    follower.show(look({}, [], 'journal'));
    follower.show(look({}, [], 'journal'));
    follower.lost('the server is away');
    follower.lost('the server is away');
    expect(noted).toHaveLength(2);
    expect(noted[1]).toContain('the server is away; the run goes on, still trying');
    expect(printed).toEqual([]);
  });
});

describe('following on a terminal', () => {
  it('draws over what it has drawn, line for line', () => {
    let screen = '';
    const follower = new FollowScreen({ page: { ...plainPage, width: 60 }, draw: (text) => (screen = text) });
    follower.show(look());
    expect(screen).not.toContain('\u001b[1A');
    const lines = screen.trimEnd().split('\n').length;
    expect(screen.split('\n').every((line) => line.replace(/^\r\u001b\[0J/, '').length <= 60)).toBe(true);
    follower.lost('the server is away');
    expect(screen.startsWith(`\u001b[${lines}A\r\u001b[0J`)).toBe(true);
    expect(screen).toContain('the server is away; still trying');
  });
});
