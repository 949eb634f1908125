import type { ChildProcess } from 'node:child_process';
import { statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChaosStage } from './stage.ts';

type Random = (limit: number) => number;

/** A fault with the moment at which it strikes: so many milliseconds after so many journal lines of the case. */
export interface Fault {
  kind: FaultKind;
  afterLines: number;
  delayMs: number;
  /** Says what exactly, for the log. */
  what: string;
  /** Strikes, waits, and makes the world sound again; a worker is at work when it ends. */
  strike(stage: ChaosStage): Promise<void>;
}

const wires = ['docker', 'postgres', 'temporal'] as const;

/** Each draws its own particulars, so that the seed alone tells the whole case. */
const kinds = {
  'kill worker': (random: Random) => {
    const pauseMs = random(3000);
    return { what: `and a new one after ${pauseMs} ms`, strike: (stage: ChaosStage) => replaceWorker(stage, pauseMs) };
  },
  'freeze worker': (random: Random) => {
    const forMs = 11_000 + random(8000);
    return { what: `for ${forMs} ms, beside its successor`, strike: (stage: ChaosStage) => freeze(stage, forMs) };
  },
  plant: (random: Random) => {
    const place = ['before-effect', 'after-effect', 'after-report'][random(3)]!;
    const fault = ['kill', 'throw', 'hang'][random(3)]!;
    const operation = plantedIn[random(plantedIn.length)]!;
    const failpoint = `${place}:${fault}:${operation}`;
    return { what: failpoint, strike: (stage: ChaosStage) => plant(stage, failpoint) };
  },
  cut: (random: Random) => {
    const wire = wires[random(wires.length)]!;
    const [afterBytes, forMs] = [random(20_000), 500 + random(6000)];
    return {
      what: `the wire to ${wire} after ${afterBytes} bytes, for ${forMs} ms`,
      strike: (stage: ChaosStage) => disturb(stage, wire, { how: 'cut', afterBytes }, forMs),
    };
  },
  stall: (random: Random) => {
    const wire = wires[random(wires.length)]!;
    const forMs = 2000 + random(14_000);
    return {
      what: `the wire to ${wire} for ${forMs} ms`,
      strike: (stage: ChaosStage) => disturb(stage, wire, { how: 'stall' }, forMs),
    };
  },
  refuse: (random: Random) => {
    const wire = wires[random(wires.length)]!;
    const forMs = 1000 + random(8000);
    return {
      what: `connections to ${wire} for ${forMs} ms`,
      strike: (stage: ChaosStage) => disturb(stage, wire, { how: 'refuse' }, forMs),
    };
  },
  'kill Temporal': (random: Random) => {
    const pauseMs = random(6000);
    return {
      what: `for ${pauseMs} ms`,
      strike: async ({ server }: ChaosStage) => {
        await server.kill();
        await wait(pauseMs);
        await server.up();
      },
    };
  },
  'kill PostgreSQL': () => ({ what: 'with SIGKILL', strike: killPostgres }),
  'kill Docker': (random: Random) => {
    const pauseMs = random(4000);
    return {
      what: `for ${pauseMs} ms`,
      strike: async ({ daemon }: ChaosStage) => {
        await daemon.kill();
        await wait(pauseMs);
        await daemon.up();
      },
    };
  },
  'fill disk': (random: Random) => {
    const forMs = 1000 + random(9000);
    return { what: `for ${forMs} ms`, strike: (stage: ChaosStage) => fillDisk(stage, forMs) };
  },
} satisfies Record<string, (random: Random) => { what: string; strike(stage: ChaosStage): Promise<void> }>;

export type FaultKind = keyof typeof kinds;

const plantedIn = [
  'backupStore',
  'backupVolume',
  'proveBackup',
  'applySql',
  'applyCheckpoint',
  'runChecks',
  'rollback-',
];

/** One to three faults in the order in which they strike, all from the seed. */
export function drawFaults(random: Random, lines: number): Fault[] {
  const names = Object.keys(kinds) as FaultKind[];
  return Array.from({ length: 1 + random(3) }, () => {
    const kind = names[random(names.length)]!;
    return { kind, afterLines: 2 + random(lines - 2), delayMs: random(1500), ...kinds[kind](random) };
  }).sort((a, b) => a.afterLines - b.afterLines);
}

async function replaceWorker(stage: ChaosStage, pauseMs: number, environment: NodeJS.ProcessEnv = {}): Promise<void> {
  await ended(stage.worker, 'SIGKILL');
  await wait(pauseMs);
  stage.startWorker(environment);
}

/** The frozen one thaws beside its successor, and is ended only when it has had time to do harm. */
async function freeze(stage: ChaosStage, forMs: number): Promise<void> {
  const zombie = stage.worker;
  zombie?.kill('SIGSTOP');
  stage.startWorker();
  await wait(forMs);
  zombie?.kill('SIGCONT');
  await wait(5000);
  await ended(zombie, 'SIGTERM');
}

/** A planted fault needs a worker that knows of it; one that dies or hangs of it is replaced by one that does not. */
async function plant(stage: ChaosStage, failpoint: string): Promise<void> {
  await replaceWorker(stage, 0, { SWITCHBACK_FAILPOINT: failpoint });
  const planted = stage.worker;
  for (let waited = 0; waited < 25_000 && stage.workers.has(planted!); waited += 200) await wait(200);
  await replaceWorker(stage, 0);
}

async function disturb(
  { wires }: ChaosStage,
  wire: keyof ChaosStage['wires'],
  trouble: Parameters<ChaosStage['wires']['docker']['disturb']>[0],
  forMs: number,
): Promise<void> {
  await wires[wire].disturb(trouble);
  await wait(forMs);
  await wires[wire].clear();
}

/** Kills the server's first process from outside, as the kernel does when memory is short; its container starts again. */
async function killPostgres(stage: ChaosStage): Promise<void> {
  const pid = Number(
    await stage.docker('inspect', '--format', '{{.State.Pid}}', `${stage.project}-db-1`).catch(() => '0'),
  );
  if (pid > 1) process.kill(pid, 'SIGKILL');
}

async function fillDisk({ home }: ChaosStage, forMs: number): Promise<void> {
  const filler = join(home, 'filler');
  const { bavail, bsize } = await statfs(home);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined); // Full is what is wanted.
  await wait(forMs);
  await unlink(filler);
}

async function ended(worker: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill(signal);
  // One that does not end when it is asked is ended.
  const hard = setTimeout(() => worker.kill('SIGKILL'), 25_000);
  await gone;
  clearTimeout(hard);
}
