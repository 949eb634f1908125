import { createHash } from 'node:crypto';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { labels, operationObjectName } from '../../../runbook/names.ts';
import { runHelper, type DockerEngine } from '../../docker/index.ts';
import { execa } from '../../processes/execa.ts';
import type { StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { applicationName } from './application-name.ts';
import type { ToolBox, Tools } from './choose-tools.ts';
import { withPasswordFile } from './password-file.ts';
import { onAbort } from '../../on-abort.ts';

export interface ToolRun {
  tool: 'pg_dump' | 'pg_dumpall' | 'pg_restore' | 'pg_basebackup';
  args: string[];
  /** The folder that `args` speak of, absolute on this host. */
  folder: string;
  address: Address;
  tools: Tools;
  /** Major version of the server, e.g. 15. */
  serverMajor: number;
  /** Called about once a second. */
  onTick?: () => void;
}

/**
 * Runs a client tool of PostgreSQL to its end, on this host or in a container beside the server. An abort ends the tool with all its
 * workers.
 * @throws `StepFailed` with the end of what the tool said, `ResourceExhausted`, `Busy`, `AccessDenied`, `Unreachable`
 */
export async function runTool(asked: ToolRun, use: StoreUse, box: ToolBox): Promise<void> {
  const patient = setsUnknownTimeout(asked);
  const run = patient ? { ...asked, args: asked.args.filter((arg) => arg !== '--exit-on-error') } : asked;
  const { tools } = run;
  await withPasswordFile(use, run.address, async (file) => {
    const ended =
      'folder' in tools
        ? await onHost(run, use, `${tools.folder}/${run.tool}`, file)
        : await inContainer(run, use, box.engine, tools.image, file);
    use.signal.throwIfAborted();
    if (ended.exitCode !== 0 && !(patient && isOnlyUnknownTimeout(ended))) throw toolError(run, use, ended);
  });
}

/** From 17 on `pg_restore` sets `transaction_timeout` on whichever server, and those before 17 do not know it. */
const setsUnknownTimeout = ({ tool, tools, serverMajor }: ToolRun) =>
  tool === 'pg_restore' && tools.major >= 17 && serverMajor < 17;

/**
 * Whether that was the one thing that went wrong, once for each connection. Told by what was sent: servers speak many languages. Workers
 * write to one pipe at the same time, so a line may begin in the middle of another one's.
 */
export function isOnlyUnknownTimeout({ exitCode, said }: Pick<Ended, 'exitCode' | 'said'>): boolean {
  const errors = said.match(/\berror: /g)?.length ?? 0;
  const known = said.match(/Command was: SET transaction_timeout = 0;/g)?.length ?? 0;
  return exitCode === 1 && errors === known && /errors ignored on restore: \d+\s*$/.test(said);
}

interface Ended {
  exitCode: number | undefined;
  /** What ended it, where that was a signal. */
  signal?: string | undefined;
  said: string;
}

function environment(run: ToolRun, use: StoreUse, passwordFile: string): Record<string, string> {
  const { address } = run;
  return {
    // Messages in the language that `toolError` reads.
    LC_ALL: 'C',
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGSSLMODE: address.ssl === 'disable' ? 'prefer' : address.ssl,
    ...(address.rootCertificate === undefined ? {} : { PGSSLROOTCERT: address.rootCertificate }),
    PGPASSFILE: passwordFile,
    PGAPPNAME: applicationName(use),
    PGCONNECT_TIMEOUT: '10',
  };
}

async function onHost(run: ToolRun, use: StoreUse, program: string, passwordFile: string): Promise<Ended> {
  const child = execa(program, run.args, {
    env: { ...environment(run, use, passwordFile), PATH: process.env['PATH'] ?? '' },
    // What the worker's own environment says of databases is not for this tool.
    extendEnv: false,
    reject: false,
    // A group of its own, so that an abort reaches the parallel workers too.
    detached: true,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    maxBuffer: { stderr: 64 * 1024 },
    timeout: use.timeoutMs,
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let last: NodeJS.Timeout | undefined;
  const end = () => {
    kill('SIGTERM');
    last = setTimeout(() => kill('SIGKILL'), 5000);
  };
  const leave = onAbort(use.signal, end);
  if (use.signal.aborted) end();
  const ticks = setInterval(() => run.onTick?.(), 1000);
  try {
    const result = await child;
    return {
      exitCode: result.exitCode,
      signal: result.signal,
      said: `${result.timedOut ? 'it took too long\n' : ''}${result.stderr}`,
    };
  } finally {
    clearInterval(ticks);
    clearTimeout(last);
    leave();
  }
}

async function inContainer(
  run: ToolRun,
  use: StoreUse,
  engine: DockerEngine,
  image: string,
  passwordFile: string,
): Promise<Ended> {
  const server = run.address.container?.id ?? '';
  const what = createHash('sha256')
    .update(JSON.stringify([run.tool, run.args]))
    .digest('hex')
    .slice(0, 6);
  const own = {
    [labels.target]: use.target,
    [labels.run]: use.run,
    [labels.operation]: use.operation,
    [labels.role]: 'client-tool',
  };
  // A tool of an earlier attempt works with a snapshot that has gone, into a folder that has gone.
  for (const old of await engine.listByLabel(own, { signal: use.signal }))
    await engine.removeContainer(old.Id, own, { signal: use.signal });
  const uid = process.getuid?.();
  const ended = await runHelper(
    engine,
    {
      name: operationObjectName(use.target, use.run, use.operation, `${run.tool}-${what}-${use.attempt}`),
      image,
      labels: { ...own, [labels.attempt]: String(use.attempt) },
      // Debian keeps the tools out of PATH. What runs is still argv: the script holds no word of ours.
      argv: [
        '/bin/sh',
        '-c',
        'for d in /usr/lib/postgresql/*/bin; do PATH="$PATH:$d"; done; exec "$0" "$@"',
        run.tool,
        ...run.args,
      ],
      env: {
        ...environment({ ...run, address: { ...run.address, host: '127.0.0.1', port: 5432 } }, use, passwordFile),
        HOME: '/tmp',
      },
      networkMode: `container:${server}`,
      mounts: [
        { type: 'bind', source: run.folder, target: run.folder },
        { type: 'bind', source: passwordFile, target: passwordFile, readOnly: true },
      ],
      // The files belong to who runs the worker, and so must the reader of the password file.
      ...(uid === undefined ? {} : { user: `${uid}:${process.getgid?.() ?? uid}` }),
      timeoutMs: use.timeoutMs,
    },
    { signal: use.signal, ...(run.onTick === undefined ? {} : { onTick: () => run.onTick?.() }) },
  );
  return { exitCode: ended.exitCode, said: `${ended.timedOut ? 'it took too long\n' : ''}${ended.log}` };
}

function toolError(run: ToolRun, use: StoreUse, ended: Ended): SwitchbackError {
  const how = ended.signal === undefined ? `exit code ${ended.exitCode}` : `ended by ${ended.signal}`;
  const said = ended.said.trim().slice(-1500) || `no message, ${how}`;
  const message = `${run.tool} for store ${use.store} failed: ${said}`;
  const facts = { tool: run.tool, exitCode: ended.exitCode ?? null };
  if (/No space left on device/i.test(said)) {
    return new SwitchbackError('ResourceExhausted', message, { hint: 'Free disk space, then retry.', facts });
  }
  if (/unsupported version .* in file header|this build does not support compression/i.test(said)) {
    return new SwitchbackError('PreconditionFailed', message, {
      hint: 'The dump was written by a newer client, or one with other compression; install the client that the manifest names.',
      facts,
    });
  }
  if (/lock timeout/i.test(said))
    return new SwitchbackError('Busy', message, { hint: 'Another session holds a lock on a table.', facts });
  if (/authentication failed|no password supplied|permission denied/i.test(said)) {
    return new SwitchbackError('AccessDenied', message, { hint: "Look at the rights of the store's user.", facts });
  }
  if (/connection to server|server closed the connection|terminating connection/i.test(said)) {
    return new SwitchbackError('Unreachable', message, { hint: 'Look whether the database server still runs.', facts });
  }
  const missing = run.tool === 'pg_restore' ? missingName(said) : undefined;
  if (missing !== undefined) {
    return new SwitchbackError('StepFailed', message, { hint: qualify, facts: { ...facts, unrestorable: missing } });
  }
  return new SwitchbackError('StepFailed', message, {
    hint: 'Nothing was kept of it; correct the cause, then retry.',
    facts,
  });
}

const qualify =
  'While a dump is restored, names without a schema are not found: in functions that an index, a view or a check uses, write the schema before them, or give the function a `set search_path`. `method: physical` backs up what a dump cannot hold.';

/** What the dump itself names and does not bring. Told in English alone: of any other message nobody knows whether another attempt helps. */
export const missingName = (said: string): string | undefined =>
  /could not execute query: ERROR: +((?:function|relation|operator|type|table|column) .* does not exist)/.exec(
    said,
  )?.[1];
