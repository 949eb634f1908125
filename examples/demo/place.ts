import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a demo lives, and what its things are called: all of it carries the checkout, so that two checkouts run side by side. */
export interface Place {
  /** The checkout, with the built command line in `dist/`. */
  root: string;
  /** Value of the label on containers that the demo makes by hand. */
  id: string;
  /** Compose project of the shop, which is also Switchback's target. */
  project: string;
  /** Everything on disk is in here. */
  scratch: string;
  /** SWITCHBACK_HOME. */
  home: string;
  /** The copy of the shop that is migrated. */
  shop: string;
  /** Keys of acknowledged orders, one a line. */
  acks: string;
  /** The load client stops when this file appears. */
  stopFile: string;
  loadLog: string;
  /** Who runs the demo, and what it has started. */
  record: string;
}

/** Label on what the demo makes beside Compose and Switchback, which have labels of their own. */
export const demoLabel = 'io.switchback.demo';

/** @param name tells demos of one checkout apart: the tests have one of their own. */
export function placeOf(name = 'demo'): Place {
  const root = checkout();
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const id = `${name}-${hash}`;
  // The real path: it is compared with the paths that the worker serves.
  const scratch = join(realpathSync(tmpdir()), `switchback-${id}`);
  return {
    root,
    id,
    project: name === 'demo' ? `shop-${hash}` : `shop-${name}-${hash}`,
    scratch,
    home: join(scratch, 'home'),
    shop: join(scratch, 'shop'),
    acks: join(scratch, 'acknowledged-orders.txt'),
    stopFile: join(scratch, 'stop-load'),
    loadLog: join(scratch, 'load.log'),
    record: join(scratch, 'demo.json'),
  };
}

/** This file is run from `examples/demo` by the tests, and from `dist/examples/demo` otherwise. */
function checkout(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return realpathSync(folder);
}
