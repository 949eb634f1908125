import { randomBytes } from 'node:crypto';
import { constants, type PathLike } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SwitchbackError } from '../runbook/errors.ts';
import type { JournalEntry, JournalRecord } from '../runbook/journal.ts';
import { applyRecord, emptyTargetState, type TargetState } from '../runbook/target-state.ts';
import { decodeLine, encodeLine } from './line.ts';

/** Attempts to place a line before giving up: each lost race means that somebody else made progress. */
const placementAttempts = 50;

/** Enough that a long journal takes few turns, and little enough for a short one's tail. */
const chunkBytes = 1 << 20;

export interface Append {
  run: string;
  epoch: number;
  /** Written at most once in the life of the journal. */
  key?: string;
  entries: JournalEntry[];
}

/**
 * The append-only journal of one target. Several processes may have it open, a stopped zombie among them, so there is no lock
 * to be left behind: a writer appends with one O_APPEND write the sequence numbers it expects, then reads on to see whether its
 * lines took those places. A reader applies only the line that carries the next number, so of two writers one wins and the other
 * writes again; a zombie's late line is passed over by everybody.
 */
export class Journal {
  readonly state: TargetState = emptyTargetState();
  readonly records: JournalRecord[] = [];
  /** What is written of an entry: whoever knows secrets takes them out. */
  told = (entry: JournalEntry): JournalEntry => entry;
  /** Lines that could not be read: a torn tail after a crash, at most one a crash. */
  damaged = 0;
  #offset = 0;
  #rest = Buffer.alloc(0);
  #turn: Promise<unknown> = Promise.resolve();
  /** By sequence number, of the lines that were read since this process began to append. */
  readonly #nonces = new Map<number, string>();
  #appending = false;

  private constructor(
    readonly file: string,
    private readonly keepRecords: boolean,
  ) {}

  /**
   * Reads a journal; a missing file is an empty one.
   * @throws SwitchbackError `IntegrityFailed` when lines are missing or damaged, `Unsupported` when a newer version wrote it.
   */
  static async open(file: string, options: { keepRecords?: boolean } = {}): Promise<Journal> {
    const journal = new Journal(file, options.keepRecords ?? false);
    await journal.refresh();
    return journal;
  }

  /** Reads what other processes have appended since. */
  refresh(): Promise<TargetState> {
    return this.#inTurn(async () => {
      await this.#readOn();
      return this.state;
    });
  }

  /** Appends durably: when this returns, the lines are on disk. @returns false when `key` had been written before. */
  append(append: Append): Promise<boolean> {
    return this.appendIf(append, () => undefined);
  }

  /**
   * Appends if `objection` (looked at with the newest state, again after each lost race) raises none.
   * @throws whatever `objection` returns.
   */
  appendIf(
    { run, epoch, key, entries: given }: Append,
    objection: (state: TargetState) => Error | undefined,
  ): Promise<boolean> {
    const entries = given.map((entry) => this.told(entry));
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < placementAttempts; attempt += 1) {
        this.#appending = false;
        await this.#readOn();
        if (key !== undefined && this.state.keys.has(key)) return false;
        const error = objection(this.state);
        if (error) throw error;
        const nonce = randomBytes(8).toString('hex');
        const first = this.state.seq + 1;
        const at = new Date().toISOString();
        const lines = entries.map((entry, index) =>
          encodeLine({
            seq: first + index,
            at,
            run,
            epoch,
            ...(key !== undefined && index === entries.length - 1 ? { key } : {}),
            ...entry,
            nonce,
          }),
        );
        this.#nonces.clear();
        this.#appending = true;
        // After a torn tail the line starts on a line of its own; the torn one stays as it is.
        await appendDurably(this.file, (this.#rest.length > 0 ? '\n' : '') + lines.join(''));
        await this.#readOn();
        if (entries.every((_entry, index) => this.#nonces.get(first + index) === nonce)) return true;
      }
      throw new SwitchbackError('Busy', `the journal ${this.file} is written to by others without pause`);
    });
  }

  /** Calls in this process wait for each other; those of other processes are sorted out by sequence numbers. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => undefined,
      // The caller sees the failure; the next in turn must go on all the same.
      () => undefined,
    );
    return result;
  }

  async #readOn(): Promise<void> {
    const handle = await openIfPresent(this.file);
    if (!handle) return;
    try {
      const { size } = await handle.stat();
      if (size < this.#offset) throw damagedAt(this.file, this.state.seq, 'the file has become shorter');
      while (this.#offset < size) {
        const chunk = Buffer.allocUnsafe(Math.min(size - this.#offset, chunkBytes));
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        const read = chunk.subarray(0, bytesRead);
        this.#take(this.#rest.length > 0 ? Buffer.concat([this.#rest, read]) : read);
      }
    } finally {
      await handle.close();
    }
  }

  #take(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      this.#apply(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  #apply(line: Buffer): void {
    if (line.length === 0) return;
    const record = decodeLine(line);
    if (record === undefined) {
      this.damaged += 1;
      return;
    }
    if ('newer' in record) {
      throw new SwitchbackError(
        'Unsupported',
        `the journal ${this.file} has format ${record.newer}, which this version cannot read`,
        {
          hint: 'Use the version of Switchback that wrote it, or a later one.',
        },
      );
    }
    // A late line of a writer that lost the race, or of a zombie: its number is taken.
    if (record.seq <= this.state.seq) return;
    if (record.seq > this.state.seq + 1) throw damagedAt(this.file, this.state.seq, `line ${record.seq} follows`);
    if (this.#appending) this.#nonces.set(record.seq, record.nonce);
    // Taken off in place: a copy of every line is a tenth of the time that a long journal takes.
    delete (record as Partial<typeof record>).nonce;
    applyRecord(this.state, record);
    if (this.keepRecords) this.records.push(record);
  }
}

/** Reads a whole journal for display. */
export async function readJournal(
  file: string,
): Promise<{ records: JournalRecord[]; state: TargetState; damaged: number }> {
  const { records, state, damaged } = await Journal.open(file, { keepRecords: true });
  return { records, state, damaged };
}

function damagedAt(file: string, seq: number, what: string): SwitchbackError {
  return new SwitchbackError('IntegrityFailed', `the journal ${file} is damaged after line ${seq}: ${what}`, {
    hint: 'Restore the file from a copy; Switchback does not act on a journal with a hole in it.',
  });
}

async function openIfPresent(file: PathLike): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function appendDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  let created: boolean;
  try {
    created = (await handle.stat()).size === 0;
    const bytes = Buffer.from(text);
    // A disk that runs full takes a part, and says no only the next time.
    if ((await handle.write(bytes)).bytesWritten < bytes.length) throw noRoom(file);
    await handle.datasync();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw code === 'ENOSPC' || code === 'EDQUOT' ? noRoom(file) : error;
  } finally {
    await handle.close();
  }
  if (created) await syncFolder(dirname(file));
}

const noRoom = (file: string) =>
  new SwitchbackError('ResourceExhausted', `no room on disk for the journal ${file}`, {
    hint: 'Free some space; nothing was done that the journal does not know.',
  });

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
