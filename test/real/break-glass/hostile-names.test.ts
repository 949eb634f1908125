import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { renderBreakGlass, renderNoWayBack } from '../../../runbook/break-glass/index.ts';
import { hostile, hostileWords } from '../../runbook/break-glass/hostile-names.ts';
import { checkpoint, digest, files, run, scriptInput, undo, undos } from '../../runbook/break-glass/script-input.ts';

// Never on the host: a script with such names runs in a container that has no network, nothing of the host but the script, which it may
// only read, and that is gone afterwards. All that a name could do there is to make a file.

const folder = mkdtempSync(join(tmpdir(), 'switchback-hostile-'));
// For whoever reads it inside: root there has no capabilities.
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

/** @returns what it printed, word by word, and whether a name got loose */
async function inContainer(
  program: string,
): Promise<{ words: string[]; loose: boolean; exitCode: number | undefined }> {
  writeFileSync(join(folder, 'program.sh'), program);
  const mount = `type=bind,source=${folder},target=/given,readonly`;
  const command = 'bash /given/program.sh; code=$?; [ ! -e "$CANARY" ] || printf "\\0LOOSE\\0"; exit $code';
  const ran = await execa(
    'docker',
    // The whole container may only be read, but for a small folder of its own.
    ['run', '--rm', '--network=none', '--read-only', '--tmpfs=/canary', '--cap-drop=ALL', '--workdir=/canary'].concat([
      '--env=CANARY=/canary/loose',
      '--mount',
      mount,
      'debian:bookworm-slim',
      'bash',
      '-c',
      command,
    ]),
    { reject: false, stdin: 'ignore', timeout: 60_000 },
  );
  const words = ran.stdout.split('\0').slice(0, -1);
  return { words: words.filter((word) => word !== 'LOOSE'), loose: words.includes('LOOSE'), exitCode: ran.exitCode };
}

const name = hostile;
const input = {
  ...scriptInput(
    {
      ...undos,
      [files]: undo('putFilesBack', { files: [{ digest: digest('b'), path: name }], written: [] }, name),
      [run]: undo('runContainer', { service: name, argv: [name], timeoutSeconds: 1 }, name),
      [checkpoint]: undo(
        'applyCheckpoint',
        { checkpoint: name, compose: { digest: digest('d'), path: name }, start: [name], images: { [name]: name } },
        name,
      ),
    },
    {
      name,
      stores: { db: { kind: 'postgres', service: name, user: name, database: name } },
      stack: { directory: `/${name}`, compose: name, env: name, project: name, switchBy: 'copy', host: 'h' },
      protect: [{ store: 'db', tables: [name], allow: 'nothing' }],
    },
  ),
  target: name,
  home: { root: `/${name}`, keyFile: `/${name}/key` },
};

/** A script whose steps are entered, and whose variables are printed, but which does not go its way. */
const looking = (words: string) =>
  `${renderBreakGlass(input).replace(/\nmain "\$@"\n*$/, '\n')}\nprintf '%s\\0' ${words}\n`;

describe('a script with hostile names', () => {
  it('is found out when a name does get loose', async () => {
    expect(await inContainer(`# takes ${name} back`)).toMatchObject({ loose: true });
  });

  it.each(hostileWords)('gives %j to the shell as it is', async (word) => {
    const only = { ...input, target: word };
    const script = renderBreakGlass(only).replace(/\nmain "\$@"\n*$/, '\n');
    expect(await inContainer(`${script}\nprintf '%s\\0' "$target"\n`)).toEqual({
      words: [word],
      loose: false,
      exitCode: 0,
    });
  });

  it('has every name arrive whole in its variable, and runs none', async () => {
    const steps =
      'enter_step 1; printf "%s\\0" "$label" "${start[@]}" "${images[@]}"; enter_step 3; printf "%s\\0" "${files[0]}"';
    const found = await inContainer(looking(`"$target" "$plan" "$stack" "$compose_file"; ${steps}`));
    expect(found).toEqual({
      words: [name, name, `/${name}`, name, name, name, `${name}=${name}`, name],
      loose: false,
      exitCode: 0,
    });
  });

  it('tells a person what to type without running it, and every command is one that a shell reads as it was meant', async () => {
    const shown = await inContainer(looking('shown; enter_step 2; manual_show; show_command "$target"'));
    expect(shown).toMatchObject({ loose: false, exitCode: 0 });
  });

  it('goes its way up to where it has no home, and runs none of them', async () => {
    expect(await inContainer(renderBreakGlass(input))).toEqual({ words: [], loose: false, exitCode: 4 });
  });

  it('says that there is no way back, and runs none of them', async () => {
    expect(await inContainer(renderNoWayBack(name, 7, 9, name, name))).toEqual({
      words: [],
      loose: false,
      exitCode: 9,
    });
  });

  it('is a shell script', async () => {
    writeFileSync(join(folder, 'script.sh'), renderBreakGlass(input));
    expect(await inContainer('bash -n /given/script.sh')).toMatchObject({ loose: false, exitCode: 0 });
  });
});
