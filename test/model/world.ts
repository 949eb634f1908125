import type { Operation, Undo } from '../../runbook/operations.ts';

export type Effect = 'none' | 'half' | 'full';

interface Service {
  image: string;
  /** The configuration that it read when it was started. */
  config: string;
  up: boolean;
}

/** What a target is made of, as far as the model goes. `data`: keys of the operations whose work is in a store or volume. */
export interface Snapshot {
  compose: Record<string, string>;
  config: string;
  services: Record<string, Service>;
  data: Record<string, Set<string>>;
}

export const names = ['api', 'web'] as const;

/** A small world that operations act on as the worker's handlers do. What must never happen is thrown. */
export class World {
  now: Snapshot = {
    compose: { api: 'api:0', web: 'web:0' },
    config: 'config:0',
    services: {
      api: { image: 'api:0', config: 'config:0', up: true },
      web: { image: 'web:0', config: 'config:0', up: true },
    },
    data: { 'store:db': new Set(), 'store:logs': new Set(), 'volume:files': new Set() },
  };
  readonly points = new Map<string, { resource: string; marks: Set<string> }>();
  /** What each operation really did, by `RUN/OPERATION`. */
  readonly effects = new Map<string, Effect>();
  /** Services that were started since the last call of `restarted.clear()`. */
  readonly restarted = new Set<string>();
  /** Containers that each stop found running. */
  readonly stopped = new Map<string, string[]>();

  snapshot = (): Snapshot => structuredClone(this.now);

  /** The undo as the worker prepares it when the intent is written. */
  prepare({ kind, input, undo }: Operation): Undo {
    if (undo.by !== 'operation') return undo;
    const { compose, config } = this.now;
    if (kind === 'applyCheckpoint')
      return { ...undo, input: { checkpoint: 'before', compose: { digest: JSON.stringify(compose), path: 'c' } } };
    if (kind === 'switchImage')
      return { ...undo, input: { service: input.service, image: compose[input.service] ?? '' } };
    if (kind === 'restoreFiles')
      return { ...undo, input: { files: [{ digest: config, path: 'config' }], written: [] } };
    return undo;
  }

  forward(key: string, operation: Operation, effect: Effect): void {
    this.effects.set(key, effect);
    if (effect === 'none') return;
    const { kind, input, effects } = operation;
    const now = this.now;
    if (kind === 'applySql') now.data[`store:${input.store}`]?.add(key);
    if (kind === 'runContainer')
      for (const { resource, change } of effects) if (change === 'update') now.data[resource]?.add(key);
    if (kind === 'restoreFiles') now.config = input.ref;
    if (kind === 'switchImage') {
      now.compose = { ...now.compose, [input.service]: input.image };
      if (effect === 'full') this.start(input.service);
    }
    if (kind === 'applyCheckpoint') this.checkpoint(input.checkpoint, effect);
    const resource =
      kind === 'backupStore' ? `store:${input.store}` : kind === 'backupVolume' ? `volume:${input.volume}` : undefined;
    if (resource !== undefined && effect === 'full') {
      const { point } = input as { point: string };
      this.points.set(`${key.split('/')[0]}/${point}`, { resource, marks: new Set(now.data[resource]) });
    }
  }

  private checkpoint(version: string, effect: Effect): void {
    this.now.compose = Object.fromEntries(names.map((name) => [name, `${name}:${version}`]));
    for (const name of effect === 'half' ? names.slice(0, 1) : names) this.start(name);
  }

  start(name: string): void {
    this.now.services[name] = { image: this.now.compose[name] ?? '', config: this.now.config, up: true };
    this.restarted.add(name);
  }

  /** Performs an operation of a rollback. @param protectedResources that nothing may replace */
  back(operation: Operation, protectedResources: readonly string[]): void {
    const { kind, input, undoes = [], always } = operation;
    const untouched = undoes.length > 0 && undoes.every((key) => this.effects.get(key) === 'none');
    if (kind === 'runChecks') {
      if (undoes.length > 0 && !untouched) throw new Parked(operation.id);
      return;
    }
    if (untouched && !always) return;
    if (kind === 'applyCheckpoint' && 'digest' in input.compose) {
      this.now.compose = JSON.parse(input.compose.digest) as Record<string, string>;
      for (const name of names) this.start(name);
    }
    if (kind === 'switchImage') {
      this.now.compose = { ...this.now.compose, [input.service]: input.image };
      this.start(input.service);
    }
    if (kind === 'putFilesBack') this.now.config = (input.files[0] as { digest: string }).digest;
    if (kind === 'applySql') this.erase(`store:${input.store}`, undoes);
    if (kind === 'runContainer') for (const resource of Object.keys(this.now.data)) this.erase(resource, undoes, true);
    if (kind === 'runContainer' && !untouched) this.requireUndone(undoes);
    if (kind === 'stopUsers') {
      const up = names.filter((name) => this.now.services[name]?.up);
      this.stopped.set(operation.id, [...up]);
      for (const name of up) this.now.services[name]!.up = false;
    }
    if (kind === 'startUsers') {
      for (const name of this.stopped.get(input.stoppedBy) ?? [])
        if (!input.except?.includes(name)) this.now.services[name]!.up = true;
    }
    if (kind === 'restoreStore' || kind === 'restoreVolume') {
      const resource = kind === 'restoreStore' ? `store:${input.store}` : `volume:${input.volume}`;
      if (protectedResources.includes(resource)) throw new Error(`${resource} is protected and was replaced`);
      if (names.some((name) => this.now.services[name]?.up))
        throw new Error(`${resource} was replaced under its users`);
      this.put(resource, input.point);
    }
    for (const key of undoes) this.effects.set(key, 'none');
  }

  #undone = new Set<string>();
  private erase(resource: string, keys: readonly string[], maybe = false): void {
    for (const key of keys) {
      const was = this.now.data[resource]?.delete(key) ?? false;
      if (was) this.#undone.add(key);
      if (!was && !maybe && this.effects.get(key) !== 'none')
        throw new Error(`${key} was undone in ${resource}, which does not have its work`);
    }
  }

  private requireUndone(keys: readonly string[]): void {
    for (const key of keys)
      if (!this.#undone.has(key)) throw new Error(`the command ${key} was undone where its work is not`);
    for (const key of keys) this.#undone.delete(key);
  }

  /** A person's work: the stack of a destination, and each thing that was left out. */
  makeRight(goal: Snapshot, skipped: readonly Operation[]): void {
    const { compose, config, services } = structuredClone(goal);
    Object.assign(this.now, { compose, config, services });
    for (const { kind, input, undoes = [] } of skipped) {
      if (kind === 'restoreStore') this.put(`store:${input.store}`, input.point);
      if (kind === 'restoreVolume') this.put(`volume:${input.volume}`, input.point);
      for (const key of undoes) {
        for (const marks of Object.values(this.now.data)) marks.delete(key);
        this.effects.set(key, 'none');
      }
    }
  }

  /** Replaces a resource by what a point holds. */
  put(resource: string, point: string): void {
    const held = this.points.get(point);
    if (held?.resource !== resource) throw new Error(`${point} is no point of ${resource}`);
    this.now.data[resource] = new Set(held.marks);
    for (const key of held.marks) this.effects.set(key, 'full');
  }
}

/** What a rollback stops at until a person has decided. */
export class Parked extends Error {}
