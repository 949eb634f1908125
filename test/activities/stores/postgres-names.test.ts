import { describe, expect, it } from '@jest/globals';
import { parseAddress } from '../../../activities/stores/postgres/address.ts';
import { applicationName, applicationPrefix } from '../../../activities/stores/postgres/application-name.ts';
import { incomingPrefix, keptName, scratchPrefix } from '../../../activities/stores/postgres/object-names.ts';

describe('the address of a store', () => {
  it('is read from a URL, with its escapes', () => {
    expect(
      parseAddress(
        'shop',
        'postgres://us%40er:p%3Aa%5Css@db.example.org:6543/the%20shop?sslmode=verify-full&sslrootcert=/ca.pem',
      ),
    ).toEqual({
      host: 'db.example.org',
      port: 6543,
      user: 'us@er',
      password: 'p:a\\ss',
      database: 'the shop',
      ssl: 'verify-full',
      rootCertificate: '/ca.pem',
    });
  });

  it.each([
    [
      'postgres://user@/shop?host=/run/postgresql',
      { host: '/run/postgresql', port: 5432, user: 'user', database: 'shop' },
    ],
    ['postgresql://user@[::1]/', { host: '::1', database: 'user' }],
    ['postgres://localhost', { host: 'localhost', user: 'postgres', database: 'postgres', ssl: 'disable' }],
  ])('may leave out what has a default: %s', (url, expected) => {
    expect(parseAddress('shop', url)).toMatchObject(expected);
  });

  it.each([
    'mysql://u:secret@h/d',
    'postgres://u:secret@h:x/d',
    'postgres://u:secret@h:99999/d',
    'u:secret@h',
    'postgres://u:secret@h/d?sslmode=maybe',
  ])('that cannot be read is not quoted in the message: %s', (url) => {
    const read = () => parseAddress('shop', url);
    expect(read).toThrow(/^the URL of store shop/);
    expect(read).not.toThrow(/secret/);
  });
});

describe('the application name', () => {
  const worker = { run: 'run-1', operation: 'orders/apply/01-applySql', attempt: 3 };

  it('says run, operation and attempt', () => {
    expect(applicationName(worker)).toBe('switchback/run-1/orders/apply/01-applySql/3');
  });

  it('fits into what PostgreSQL keeps, and stays different for different operations', () => {
    const long = {
      run: 'shop-2024-05-06T07-08-09.123Z-abcdef',
      operation: `${'phase-'.repeat(9)}/apply/01-applySql`,
      attempt: 12345,
    };
    expect(applicationName(long).length).toBeLessThanOrEqual(63);
    expect(applicationName(long)).toMatch(/^switchback\/shop-.*\/12345$/);
    const other = applicationPrefix(`${long.run}x`, long.operation);
    expect(applicationPrefix(long.run, long.operation)).not.toBe(other);
    // An attempt's name always begins with the prefix that a successor looks for.
    expect(applicationName(long).startsWith(applicationPrefix(long.run, long.operation))).toBe(true);
  });

  it('holds nothing that PostgreSQL would change', () => {
    expect(applicationName({ ...worker, operation: 'größe/01' })).toMatch(/^[\x21-\x7e]+$/);
  });
});

describe('names of databases', () => {
  const owner = { target: 'shop', run: 'run-1', operation: 'rollback-1/01' };

  it('fit into 63 bytes, whatever the database is called, with room for the attempt', () => {
    for (const database of ['shop', 'x'.repeat(63), 'ü'.repeat(31), '漢'.repeat(21)]) {
      expect(Buffer.byteLength(`${incomingPrefix(database, owner)}999999`)).toBeLessThanOrEqual(63);
      const kept = keptName(database, { ...owner, run: 'r'.repeat(80) });
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(63);
      expect(kept).not.toContain('\ufffd');
    }
    expect(keptName('shop', owner)).toMatch(/^shop__replaced_run_1_[0-9a-f]{8}$/);
  });

  it('are the same for each attempt of an operation, and others for another one', () => {
    for (const name of [
      (of: typeof owner) => incomingPrefix('shop', of),
      (of: typeof owner) => keptName('shop', of),
      scratchPrefix,
    ]) {
      expect(name(owner)).toBe(name({ ...owner }));
      expect(name({ ...owner, operation: 'rollback-2/01' })).not.toBe(name(owner));
    }
  });
});
