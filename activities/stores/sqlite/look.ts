import { answerOf } from '../../volumes/index.ts';
import { runScript, type Database } from './run-script.ts';
import { lookScript } from './scripts.ts';

/** A database file, and files beside it. */
export interface Look {
  /** Inode and birth time. */
  inode: string;
  /** Of the file and its log. */
  bytes: number;
  /** Of the command line of SQLite. */
  version: string;
  /** By ending; an empty text where there is none. */
  beside: Record<string, string>;
}

export async function look(database: Database, endings: readonly string[] = []): Promise<Look> {
  const answer = await runScript(database, { script: lookScript, args: endings });
  return answerOf<Look>(answer, 'the look at a database file');
}

/** What makes a file this file: another one under its name is other data. */
export const identityOf = ({ place }: Database, inode: string) => `${place.name}#${inode}`;
