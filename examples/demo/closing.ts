import { table } from '../../client/rendering/table.ts';
import { plainStyle } from '../../client/rendering/style.ts';
import { recoveryParts, recoveryTotal, objectiveTotal } from '../../runbook/records/rollback-record.ts';
import type { Judged } from './promises.ts';
import type { Outcome } from './scenario.ts';
import type { Screen } from './screen.ts';
import type { Stopwatch } from './stopwatch.ts';

const page = { style: plainStyle, width: Number.POSITIVE_INFINITY };
const seconds = (value: number) => `${value.toFixed(1)} s`;

/** What remains to be said: promises and what was found, times against objectives, where to look. */
export function showClosing(outcome: Outcome, judged: readonly Judged[], screen: Screen): void {
  screen.heading('What was promised');
  for (const { promise, kept, found } of judged) screen.say(`${kept ? '✓' : '✗'} ${promise}: ${found}`);
  screen.heading("Recovery times against the plan's objectives");
  for (const line of recoveryLines(outcome)) screen.say(line);
  const { load } = outcome;
  screen.say(
    `${seconds(waited(outcome))} of the execution passed while the rollback waited for somebody to type resume`,
  );
  screen.say(
    `\nlongest time without an acknowledged order: ${seconds(load.longestGapMs / 1000)}, in ${seconds(load.seconds)} of load; half of all orders took under ${load.latencyMs.p50} ms, 99 % under ${load.latencyMs.p99} ms`,
  );
}

/** Parts of the recovery. A person's time counts: customers do not know why it takes long. */
function recoveryLines({ incident, account }: Outcome): string[] {
  const { objectives } = incident;
  const detection = incident.recovery.detection ?? detectionIn(account);
  const recovery = { ...incident.recovery, ...(detection !== undefined && { detection }) };
  const row = (part: string, objective: number, actual: number | undefined) => [
    part,
    seconds(objective),
    actual === undefined ? 'not measured' : seconds(actual),
    actual === undefined ? '' : actual <= objective ? 'met' : 'missed',
  ];
  return table(
    [{ title: 'part' }, { title: 'objective', align: 'right' }, { title: 'actual', align: 'right' }, { title: '' }],
    [
      ...recoveryParts.map((part) => row(part, objectives[part], recovery[part])),
      row('total', objectiveTotal(objectives), recoveryTotal({ recovery })),
    ],
    page,
  );
}

function waited({ parked, account }: Outcome): number {
  const resumed = account.decisions.findLast(({ decision }) => decision === 'resume')?.at;
  const since = parked.waiting?.since;
  return resumed === undefined || since === undefined ? 0 : (Date.parse(resumed) - Date.parse(since)) / 1000;
}

/** From the moment when traffic had moved until the failure was known, as the journal has it. */
function detectionIn({ phases }: Outcome['account']): number | undefined {
  const operations = phases.find(({ id }) => id === 'api-v2')?.operations ?? [];
  const moved = operations.find(
    ({ id }) => id.startsWith('api-v2/cutover/') && id.endsWith('-applyCheckpoint'),
  )?.finishedAt;
  const failed = operations.find(({ id }) => id.startsWith('api-v2/verify/'))?.failures.at(-1)?.at;
  return moved === undefined || failed === undefined ? undefined : (Date.parse(failed) - Date.parse(moved)) / 1000;
}

/** How long the demo itself took. */
export function showTimes(stopwatch: Stopwatch, screen: Screen): void {
  screen.heading('How long it took');
  const rows = stopwatch.parts.map(({ part, seconds: took }) => [part, seconds(took)]);
  const columns = [{ title: 'part' }, { title: 'took', align: 'right' as const }];
  for (const line of table(columns, [...rows, ['everything', seconds(stopwatch.totalSeconds)]], page)) screen.say(line);
}
