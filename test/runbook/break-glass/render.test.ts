import { describe, expect, it } from '@jest/globals';
import { breakGlassSteps, renderBreakGlass, renderNoWayBack } from '../../../runbook/break-glass/index.ts';
import { comment, oneLine, quote } from '../../../runbook/break-glass/quote.ts';
import { hostile, hostileWords } from './hostile-names.ts';
import { digest, files, run, scriptInput, sql, sqlUndo, tag, undo, undos } from './script-input.ts';

// Nothing here is run: what a shell makes of a script with hostile names is tried inside a container, in test/real/break-glass.

/** What a shell reads as code: not what stands between single quotes, nor a quote that is escaped outside of them. */
const unquoted = (text: string) => text.replaceAll(/'[^']*'|\\'/g, '');

const stepsOf = (...given: Parameters<typeof scriptInput>) => breakGlassSteps(scriptInput(...given));

describe('words and comments of a script', () => {
  it.each(hostileWords)('quotes %j so that only its quotes are left to be read', (word) => {
    const quoted = quote(word);
    expect(unquoted(quoted)).toMatch(/^[\w@%+=:,./-]*$/);
    expect(
      quoted
        .replaceAll(`'\\''`, '\0')
        .replace(/^'([^]*)'$/, '$1')
        .replaceAll('\0', "'"),
    ).toBe(word);
  });

  it.each(hostileWords)('never lets %j out of its comment', (word) => {
    expect(comment([word, `  ${word}`]).split('\n')).toEqual([
      expect.stringMatching(/^#/),
      expect.stringMatching(/^#/),
    ]);
    expect(oneLine(word)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });
});

describe('a break-glass script', () => {
  it('[K7] has the steps of the rollback in its order, with what is no matter of the stack at the end', () => {
    expect(stepsOf().map(({ kind, operation }) => `${kind} ${operation}`)).toEqual([
      'checkpoint rollback-1/02-applyCheckpoint',
      'manual rollback-1/03-runContainer',
      'files rollback-1/04-putFilesBack',
      // The services that the checkpoint started have read the files that were put back after it.
      'checkpoint rollback-1/05-applyCheckpoint',
      'sql rollback-1/06-applySql',
      'checks rollback-1/07-runChecks',
      'tag rollback-1/01-removeTag',
    ]);
  });

  it('can be read: what it is, what it does in which order, and how it is run, before the first line of code', () => {
    const opening = renderBreakGlass(scriptInput()).split('\nset -euo pipefail\n')[0]!;
    expect(opening).toMatch(/^#!\/usr\/bin\/env bash\n/);
    expect(opening).toContain('takes shop back to baseline');
    expect(opening).toContain('2. BY HAND: undo runContainer');
    expect(opening).toContain('--dry-run');
  });

  it('is the same text for the same journal', () => {
    expect(renderBreakGlass(scriptInput())).toBe(renderBreakGlass(scriptInput()));
  });

  it('says what a shell cannot do safely, and why, with what to type', () => {
    const [step] = stepsOf().filter(({ kind }) => kind === 'manual');
    expect(step?.set['why_by_hand']).toMatch(/must not run twice/);
    expect(step?.set['commands']).toEqual([expect.stringContaining('run --rm --no-deps --no-TTY api migrate --down')]);
    const outside = sqlUndo({ transactional: false, proof: 'select true' });
    const pushed = undo('removeTag', { tag: 'v1', object: '1'.repeat(40), pushed: true });
    const reasons = stepsOf({ ...undos, [sql]: outside, [tag]: pushed }).flatMap(({ set }) => set['why_by_hand'] ?? []);
    expect(reasons).toEqual([
      expect.stringContaining('must not run twice'),
      expect.stringContaining('cannot run in a transaction'),
      expect.stringContaining('needs the network'),
    ]);
  });

  it('[M4] restores encrypted data by a key that the person names', () => {
    const input = { volume: 'v', point: 'r1/v', into: 'w' };
    const point = (file: string) => ({
      folder: '/p o',
      parts: [{ file, sha256: 'x' }],
      encryptedTo: ['age1a', 'age1b'],
    });
    const commandsOf = (given: object, kind: string, file: string) => {
      const from = scriptInput({ ...undos, [run]: undo(kind, given) });
      const [step] = breakGlassSteps({ ...from, points: new Map([['r1/v', point(file)]]) }).filter(
        ({ kind: found }) => found === 'manual',
      );
      return step?.set['commands'] as string[];
    };
    const ofVolume = commandsOf(input, 'restoreVolume', 'volume.tar.zst.age');
    expect(ofVolume[0]).toContain('encrypted to age1a, age1b: set KEY');
    expect(ofVolume).toContainEqual(
      expect.stringMatching(
        /^age --decrypt --identity "\$KEY" '\/p o\/volume.tar.zst.age' \| zstd .* \| tar --extract/,
      ),
    );
    const ofStore = commandsOf({ store: 'db', point: 'r1/v' }, 'restoreStore', 'dump.zst.age');
    expect(ofStore).toContainEqual(
      expect.stringMatching(/^age --decrypt .*dump.zst.age' \| zstd .* \| pg_restore .*--format=custom/),
    );
  });

  it('holds no secret: references stay references, and a password that is written out is asked for', () => {
    const [step] = stepsOf().filter(({ kind }) => kind === 'sql');
    expect(step?.set['store_secret']).toEqual(['text:postgres://me:', 'env:DB_PASSWORD', 'text:@host/db']);
    const db = { kind: 'postgres' as const, url: 'postgres://me:hunter2@host/db' };
    const written = renderBreakGlass(scriptInput(undos, { stores: { db } }));
    expect(written).not.toContain('hunter2');
    expect(written).toContain('env:SWITCHBACK_URL_DB');
  });

  it('guards what is protected inside the transaction', () => {
    const protect = [{ store: 'db', tables: ["public.or_d'ers*"], allow: 'expand' as const }];
    const [step] = stepsOf(undos, { protect }).filter(({ kind }) => kind === 'sql');
    expect(step?.set['protected_now']).toContain("c.relname like 'or\\_d''ers%'");
  });

  it('lets no name become a line of its own: outside of quotes there is only what the renderer wrote', () => {
    const name = hostile;
    const script = renderBreakGlass({
      ...scriptInput(
        {
          ...undos,
          [files]: undo('putFilesBack', { files: [{ digest: digest('b'), path: name }], written: [] }, name),
          [run]: undo('runContainer', { service: name, argv: [name], timeoutSeconds: 1 }, name),
        },
        { name },
      ),
      target: name,
    });
    const ours = script.slice(0, script.indexOf('\n# --- The journal'));
    const outside = unquoted(ours.replaceAll(/^#.*$/gm, ''));
    expect(outside).not.toContain('touch');
    expect(script.match(/^# .*touch/m)).not.toBeNull();
  });

  it('says why where there is no way back', () => {
    const script = renderNoWayBack(hostile, 7, 9, hostile, hostile);
    expect(script.split('\n').filter((line) => line.startsWith('touch'))).toEqual([]);
    expect(script).toMatch(/ >&2\nexit 9\n$/);
  });
});
