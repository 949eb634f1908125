import { join } from 'node:path';
import type { TargetHome } from '../effect.ts';
import { pointFolder, type PointRef } from '../points/index.ts';

type Home = Pick<TargetHome, 'root'>;

/** Where the logs of all points of a target are. */
export const walRoot = ({ root }: Home) => join(root, 'wal');

/**
 * Where the log that follows a recovery point is kept. Not beside the point's data: that folder is renamed when it is sealed, and a receiver
 * that starts again must find its own under the name that it was given.
 */
export const walFolder = (home: Home, ref: PointRef) => pointFolder(walRoot(home), ref);

/** What lies in such a folder. */
export const walFile = {
  /** What pg_receivewal writes, and nobody else. */
  segments: 'segments',
  /** `TIME LSN`: whatever was committed by then is in the log. By the clock of the server's host. */
  reached: 'reached',
  /** Such lines, about one a minute: what is left of the log when a part of it is lost. */
  times: 'times',
  /** `TIME WHY`: the log is over, and nobody goes on with it. */
  ended: 'ended',
  /** The last that the receiver has said. */
  said: 'said',
  /** For client tools of PostgreSQL, mode 0600: as long as the log goes on. */
  password: 'password',
} as const;
