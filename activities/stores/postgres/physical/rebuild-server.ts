import { SwitchbackError } from '../../../../runbook/errors.ts';
import { markFailed, type StoredPoint } from '../../../points/index.ts';
import type { BroughtTo, LogToFollow } from '../../physical-backups.ts';
import { answerOf, type HelperJob } from '../../../volumes/index.ts';
import { lsnOf } from '../../../wal/index.ts';
import { readPhysicalCanary, type PhysicalCanary } from './canary.ts';
import { extractBackup } from './extract-backup.ts';
import { inServerContainer, removeServerContainer, type ServerAnswer } from './server-container.ts';
import { recoverScript, verifyScript } from './server-scripts.ts';

export interface Rebuild {
  point: StoredPoint;
  /** A volume of our own; it is emptied first. */
  volume: string;
  /** The data directory in it. */
  path: string;
  /** Of the server. */
  image: string;
  /** The volume whose folders above the data directory are imitated. */
  live?: string;
  /** Also reads every table and looks for damage: changes the data, so that it is for a scratch volume only. */
  prove: boolean;
  /** Followed after the backup, to a later moment. */
  log?: LogToFollow;
  /** Called before each part of the work. */
  onStage: (doing: string) => void;
}

export interface Rebuilt {
  /** Until a server had recovered and was shut down again, in milliseconds. */
  tookMs: number;
  /** What was compared and found equal, one line each. */
  compared: string[];
  /** What could not be looked at, and why. */
  unchecked: string[];
  /** Where a log was followed. */
  broughtTo?: BroughtTo;
  /** Where it is of use no further, though more of it is there: the position at which it breaks off. */
  brokenAt?: string;
  /** Databases that the server has now; a log can make others, and remove some. */
  databases: string[];
  /** Whether the store's own database is among them: a log can remove that, too. */
  hasOwn: boolean;
}

interface Found {
  facts: { system: string; lsn: string; lastCommit: string | null; databases: string[]; oid: string | null };
  /** Empty where recovery came to the end of the log. */
  stopped: 'at-time' | '';
  tables: number;
  rows: number;
  checked: 'sound' | 'corrupt' | 'failed' | 'no';
}

/**
 * Makes a server's data of a physical backup: extracts it, lets `pg_verifybackup` compare every file, recovers it with a server that nobody
 * reaches, compares what that server says of itself, and shuts it down.
 * What a log changes (databases, their oids, contents) is compared with nothing: that is what the log is for.
 * @throws `ValidationMismatch` when what came out is not what was backed up, `IntegrityFailed`; the point is marked for good, except after
 * a log, whose faults are not the point's: `isByItsLog` tells them
 */
export async function rebuildServer(job: HelperJob, rebuild: Rebuild): Promise<Rebuilt> {
  const { point, volume, path, image, prove, log } = rebuild;
  const canary = readPhysicalCanary(point.manifest);
  const started = performance.now();
  // A server of a killed attempt may still be at work on the volume.
  for (const role of ['verify', 'recover']) await removeServerContainer(job, role);
  rebuild.onStage('extracting the server');
  const { owner } = await extractBackup(job, point, volume, path, rebuild.live);
  const common = { image, major: canary.major, volume, path, owner };
  rebuild.onStage('comparing every file with the manifest of the server');
  const verified = await inServerContainer(job, {
    ...common,
    role: 'verify',
    script: verifyScript,
    args: [],
    readOnly: true,
  });
  if (verified.exitCode !== 0) throw await verifyError(point, verified);
  rebuild.onStage(log ? `recovering, and following the log to ${log.until}` : 'recovering');
  const recovered = await inServerContainer(job, {
    ...common,
    role: 'recover',
    script: recoverScript,
    args: [
      canary.preload,
      canary.superuser,
      canary.database,
      prove ? 'prove' : 'restore', // Where it stands on the command line, `Z` is no zone that PostgreSQL knows.
      log?.until.replace(/Z$/, '+00') ?? '',
    ],
    ...(log && { mounts: [{ type: 'bind', source: log.folder, target: '/log', readOnly: true }] }),
  });
  const wrongly = (why: string) => (log ? wrongByLog(point, why) : mismatch(point, why));
  if (recovered.exitCode !== 0) throw await recoveryError(point, recovered, wrongly);
  const found = answerOf<Found>(recovered.answer, 'the recovery');
  const wrong = differences(canary, found, log !== undefined);
  if (wrong.length > 0) throw await wrongly(`what came out of it is another server: ${wrong.join('; ')}`);
  if (found.checked === 'corrupt') throw await wrongly(`pg_amcheck finds damage in it: ${recovered.said}`);
  const tookMs = Math.round(performance.now() - started);
  const followed = log && whereTo(log, found);
  const { compared, unchecked } = described(canary, found, prove, recovered.said);
  if (followed) compared.push(followedLine(followed));
  const { databases, oid } = found.facts;
  return { tookMs, compared, unchecked, databases: [...databases].sort(), hasOwn: oid !== null, ...followed };
}

/** What was recovered from a log. One that breaks off before it should brings nobody to the moment that was asked for. */
function whereTo(log: LogToFollow, { facts, stopped }: Found): Pick<Rebuilt, 'broughtTo' | 'brokenAt'> {
  const { lsn, lastCommit } = facts;
  const broken = stopped === '' && lsnOf(lsn) < lsnOf(log.lsn);
  const moment = broken ? (lastCommit ?? '') : log.until === 'latest' ? log.to : log.until;
  return {
    broughtTo: { moment, lsn, ...(lastCommit !== null && { lastCommit }) },
    ...(broken && { brokenAt: lsn }),
  };
}

function followedLine({ broughtTo, brokenAt }: Pick<Rebuilt, 'broughtTo' | 'brokenAt'>): string {
  const { moment = '', lsn = '', lastCommit = 'none' } = broughtTo ?? {};
  return brokenAt === undefined
    ? `the log as of ${moment}, recovered to ${lsn}; its last commit: ${lastCommit}`
    : `the log breaks off at ${brokenAt}; the last commit before that: ${lastCommit}`;
}

/** @param followed whether a log was: then databases may be others, made or restored since */
function differences(canary: PhysicalCanary, { facts }: Found, followed: boolean): string[] {
  const sorted = (names: string[]) => [...names].sort().join(', ');
  return [
    ...(facts.system === canary.system ? [] : [`system identifier ${facts.system}, not ${canary.system}`]),
    ...(followed || facts.oid === canary.oid
      ? []
      : [`database ${canary.database} has oid ${facts.oid ?? 'none'}, not ${canary.oid}`]),
    ...(followed || sorted(facts.databases) === sorted(canary.databases)
      ? []
      : [`databases ${sorted(facts.databases)}, not ${sorted(canary.databases)}`]),
    ...(lsnOf(facts.lsn) >= lsnOf(canary.stopLsn) ? [] : [`recovered to ${facts.lsn}, before ${canary.stopLsn}`]),
  ];
}

function described(
  canary: PhysicalCanary,
  found: Found,
  prove: boolean,
  said: string,
): Pick<Rebuilt, 'compared' | 'unchecked'> {
  const { files, stopLsn, system, database } = canary;
  const databases = [...found.facts.databases].sort();
  return {
    compared: [
      `${files} files: names, sizes, SHA-256, and the log from ${canary.startLsn} to ${stopLsn} (pg_verifybackup)`,
      `recovered to ${found.facts.lsn}, past the end of the backup; system ${system}; databases: ${databases.join(', ')}`,
      ...(prove && found.facts.oid !== null
        ? [`database ${database}: ${found.rows} rows read in ${found.tables} tables`]
        : []),
      ...(found.checked === 'sound' ? ['tables and indexes of all databases are sound (pg_amcheck)'] : []),
    ],
    unchecked: !prove
      ? []
      : found.checked === 'no'
        ? ['pg_amcheck is not in the image of the server: tables and indexes were not looked at for damage']
        : found.checked === 'failed'
          ? [`pg_amcheck could not look: ${said}`]
          : [],
  };
}

/** What is not about the data is about the image. */
async function verifyError(point: StoredPoint, { said, exitCode }: ServerAnswer): Promise<SwitchbackError> {
  if (exitCode === 1 && !/is needed by|not executable|Permission denied/.test(said))
    return mismatch(point, `pg_verifybackup: ${said}`);
  return new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point.manifest.point} cannot be verified: ${said}`,
    {
      hint: 'It needs the image of the server that it was taken of, with the programs of that version.',
    },
  );
}

async function recoveryError(
  point: StoredPoint,
  { said }: ServerAnswer,
  wrongly: (why: string) => SwitchbackError | Promise<SwitchbackError>,
): Promise<SwitchbackError> {
  // A log that ends too early, or cannot be read, is the backup's fault; a missing library is not.
  if (
    /WAL ends before|could not locate (a valid|required) checkpoint|invalid (checkpoint|primary) record|recovery ended before/i.test(
      said,
    )
  )
    return wrongly(`it does not recover: ${said}`);
  return new SwitchbackError(
    'StepFailed',
    `the server of recovery point ${point.manifest.point} does not start: ${said}`,
    {
      hint: 'Look whether the image of the server has all the libraries that it preloads, then retry.',
    },
  );
}

/** A fault that shows after a log was followed says nothing about the point: without the log it may be as good as ever. */
function wrongByLog({ manifest }: StoredPoint, why: string): SwitchbackError {
  return new SwitchbackError('StepFailed', `recovery point ${manifest.point}, brought on by its log: ${why}`, {
    hint: 'Nothing was replaced, and the point is as good as it was. Ask for an earlier moment, or restore it without --at.',
    facts: { [byItsLog]: true },
  });
}

/** Among the facts of an error: the fault showed only after a log was followed. */
const byItsLog = 'byItsLog';
export const isByItsLog = (error: unknown): error is SwitchbackError =>
  error instanceof SwitchbackError && error.facts[byItsLog] === true;

async function mismatch(point: StoredPoint, why: string): Promise<SwitchbackError> {
  await markFailed(point, why);
  return new SwitchbackError('ValidationMismatch', `recovery point ${point.manifest.point}: ${why}`, {
    hint: 'Do not use this recovery point; take a new backup.',
  });
}
