import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

/** Customers that order one after the other, each with a key of its own, and remember what was acknowledged. */
export class Customers {
  readonly acknowledged = new Map<string, number>();
  #working: Promise<void> | undefined;
  #stopped = false;
  #next = 0;

  constructor(private readonly url: string) {}

  begin(): void {
    this.#stopped = false;
    this.#working = this.#order();
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  /** What was acknowledged and is not there, or is there with another amount. */
  async lost(): Promise<string[]> {
    const client = await connected(this.url);
    // Orders go on coming in: those that are acknowledged after the look are not looked for.
    const acknowledged = [...this.acknowledged];
    try {
      const { rows } = await client.query<{ key: string; amount: number }>('select key, amount from public.orders');
      const found = new Map(rows.map(({ key, amount }) => [key, amount]));
      return acknowledged.filter(([key, amount]) => found.get(key) !== amount).map(([key]) => key);
    } finally {
      await client.end();
    }
  }

  async #order(): Promise<void> {
    let client: Client | undefined;
    while (!this.#stopped) {
      const key = `order-${this.#next}`;
      const amount = (this.#next * 7919) % 1000;
      try {
        client ??= await connected(this.url);
        // Whether a try without an answer had its effect is not known: the same key again changes nothing.
        await client.query('insert into public.orders values ($1, $2) on conflict (key) do nothing', [key, amount]);
        this.acknowledged.set(key, amount);
        this.#next += 1;
        await wait(20);
      } catch {
        await client?.end().catch(() => undefined);
        client = undefined;
        await wait(100);
      }
    }
    await client?.end().catch(() => undefined);
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 5000 });
  // A connection that is lost between two questions is noticed by the next one.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
