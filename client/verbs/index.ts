import type { Verb } from '../command-line/verb.ts';
import { abort } from './abort.ts';
import { approve } from './approve.ts';
import { backup } from './backup.ts';
import { breakGlass } from './break-glass.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';
import { doneByHand } from './done-by-hand.ts';
import { down } from './down.ts';
import { history } from './history.ts';
import { init } from './init.ts';
import { lint } from './lint.ts';
import { list } from './list.ts';
import { measure } from './measure.ts';
import { pause } from './pause.ts';
import { plan } from './plan.ts';
import { reconcile } from './reconcile.ts';
import { rehearse } from './rehearse.ts';
import { reject } from './reject.ts';
import { resume } from './resume.ts';
import { retry } from './retry.ts';
import { rollback } from './rollback.ts';
import { skip } from './skip.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';
import { up } from './up.ts';
import { watch } from './watch.ts';
import { worker } from './worker.ts';

/** Every verb, in the order in which `--help` lists those of a group. */
export const verbs: readonly Verb[] = [
  init,
  lint,
  plan,
  rehearse,
  doctor,
  up,
  down,
  worker,
  completion,
  start,
  status,
  watch,
  verify,
  approve,
  reject,
  pause,
  resume,
  retry,
  skip,
  doneByHand,
  rollback,
  breakGlass,
  abort,
  reconcile,
  backup,
  list,
  history,
  measure,
];
