import { Argument } from 'commander';
import type { BackupOptions } from '../backup/options.ts';
import { collect } from '../command-line/proof-options.ts';
import { UsageError } from '../command-line/usage-error.ts';
import { defineVerb } from '../command-line/verb.ts';

const actions = ['create', 'list', 'show', 'verify', 'test', 'restore', 'prune', 'pin', 'unpin', 'schedule'] as const;
type Action = (typeof actions)[number];

export const backup = defineVerb<BackupOptions>({
  name: 'backup',
  group: 'Recovery points',
  summary: 'take, list, verify, test, restore and prune recovery points',
  details:
    'create [PLAN], list [TARGET], show POINT, verify POINT…, test POINT…, restore POINT, prune, pin POINT…, unpin POINT…, schedule [PLAN].\nlist, show, verify, pin, unpin and prune --dry-run read this machine’s disk and need neither Temporal nor a worker. The others are a workflow of their own under the lease of the target, never beside a run; they go on when nobody watches, and after a worker was killed.\nA POINT is RUN/POINT as `list` shows it; its last part alone means the newest one of that name.',
  examples: [
    ['switchback backup create', 'all volumes and stores of the plan, each restored as a test'],
    ['switchback backup create --volume shop_uploads --quiesce stop', 'one volume, its users stopped meanwhile'],
    ['switchback backup create --store orders --physical', 'the whole database server, by its files'],
    ['switchback backup create --store orders --physical --point-in-time', 'and its log from then on'],
    ['switchback backup restore store-orders --at 2026-03-01T14:03:09Z', 'as it was at that moment'],
    ['switchback backup list', 'what there is to go back to, how old, how well proven'],
    ['switchback backup verify --all', 'read every byte again'],
    ['switchback backup restore volume-shop_uploads --into shop_uploads_old', 'beside the live one'],
    ['switchback backup restore store-orders --into-store orders17', 'the data of one store, on another server'],
    ['switchback backup prune --keep-last 3 --keep-within 7d --dry-run', 'what would go, and why the rest stays'],
    ['switchback backup schedule --every 12h --keep-last 4', 'new points, and all retained ones tested, twice a day'],
  ],
  declare: (command) =>
    command
      .addArgument(new Argument('<action>', 'what to do').choices(actions))
      .argument('[what...]', 'the plan, the target or the points')
      .option('--volume <name>', 'create, schedule: this volume; may be repeated', collect)
      .option('--store <name>', 'create, schedule: this store; may be repeated', collect)
      .option('--physical', 'create, schedule: of stores the whole server, by its files')
      .option('--point-in-time', 'create, schedule: with --physical, and their logs from then on')
      .option('--quiesce <stop|pause|none>', 'create, schedule: what happens to those who write to a volume')
      .option('--no-test', 'create, schedule: do not restore the new points as a test')
      .option('--all', 'verify, test: all points')
      .option('--into <name>', 'restore: into a volume, or a new database, of this name')
      .option('--into-store <store>', 'restore: into another store of the plan, e.g. on a newer server')
      .option('--create-roles', 'restore: make the roles that the database needs and the server lacks')
      .option('--at <time>', 'restore: a physical backup as of this moment, by its log; or latest')
      .option('-y, --yes', 'restore: do not ask')
      .option('--keep-last <count>', 'prune, create, schedule: the newest so many of each resource stay')
      .option('--keep-within <duration>', 'prune, create, schedule: what is younger stays')
      .option('--dry-run', 'prune: only show what would be removed')
      .option('--every <duration>', 'schedule: how often')
      .option('--remove', 'schedule: no more')
      .option('--reason <text>', 'pin: why, for the record'),
  async run(options, context, [action, ...what]) {
    switch (action as Action) {
      case 'create':
        return (await import('../backup/create.ts')).createBackup(one(what, 'plan'), options, context);
      case 'schedule':
        return (await import('../backup/schedule.ts')).scheduleBackups(one(what, 'plan'), options, context);
      case 'list': {
        const target = one(what, 'target') ?? options.target;
        const place = target === undefined ? options : { ...options, target };
        return (await import('../backup/list.ts')).listBackups(place, context);
      }
      case 'show':
        return (await import('../backup/list.ts')).showBackup(only(what), options, context);
      case 'verify':
        return (await import('../backup/verify.ts')).verifyBackups(some(what, options), options, context);
      case 'test':
        return (await import('../backup/test.ts')).testBackups(some(what, options), options, context);
      case 'restore':
        return (await import('../backup/restore.ts')).restoreBackup(only(what), options, context);
      case 'prune':
        none(what);
        return (await import('../backup/prune.ts')).pruneBackups(options, context);
      case 'pin':
      case 'unpin': {
        const pinned = action === 'pin';
        return (await import('../backup/pin.ts')).pinBackups(points(what), { ...options, pinned }, context);
      }
    }
  },
});

function none(what: string[]): void {
  if (what.length > 0) throw new UsageError(`prune takes no ${what[0] ?? ''}`, 'It looks at all points of the target.');
}

function one(what: string[], name: string): string | undefined {
  if (what.length > 1) throw new UsageError(`one ${name} at a time: ${what.join(', ')}`);
  return what[0];
}

const lists = '`switchback backup list` shows them.';

function only(what: string[]): string {
  const [point] = points(what);
  if (what.length > 1 || point === undefined) throw new UsageError(`one point at a time: ${what.join(', ')}`);
  return point;
}

function points(what: string[]): string[] {
  if (what.length === 0) throw new UsageError('which recovery point is meant?', lists);
  return what;
}

/** None for all of them. */
function some(what: string[], { all }: BackupOptions): string[] {
  if (all && what.length > 0) throw new UsageError('either points, or --all');
  return all ? [] : points(what);
}
