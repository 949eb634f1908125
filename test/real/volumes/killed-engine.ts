import type Docker from 'dockerode';

import { DockerEngine, type CallOptions } from '../../../activities/docker/index.ts';

/** Reads: a kill before or after one of them is the same as a kill beside the next effect. */
const looks = /^(inspect|list|logs|wait|docker )/;

/** Where a process dies: beside its n-th effect, counted from 1, or beside the first one that contains a text. */
export interface KillPoint {
  at: number | string;
  /** Before the request is sent, or after it was answered. */
  side: 'before' | 'after';
}

/** An engine whose process dies, as by `kill -9`, beside a chosen effect. */
export class KillingEngine extends DockerEngine {
  effects: string[] = [];
  constructor(readonly kill: KillPoint | undefined) {
    super();
  }

  override async call<T>(
    what: string,
    options: CallOptions,
    action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (looks.test(what)) return super.call(what, options, action);
    this.effects.push(what);
    const at = this.kill?.at;
    const mine = typeof at === 'string' ? what.includes(at) : this.effects.length === at;
    if (mine && this.kill?.side === 'before') process.kill(process.pid, 'SIGKILL');
    const answer = await super.call(what, options, action);
    if (mine) process.kill(process.pid, 'SIGKILL');
    return answer;
  }
}
