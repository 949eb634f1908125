import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { checkoutId } from '../real/own-names.ts';

/** Names of Compose projects of this checkout's cases begin with this; then come the process and a number. */
export const casePrefix = `sbc-${checkoutId}-`;

const lines = async (...argv: string[]) =>
  (await execa('docker', argv, { reject: false })).stdout.split('\n').filter((line) => line !== '');

/** `sbc-CHECKOUT-PID-…` in a name or a label, wherever it stands. */
const ownerIn = new RegExp(`${casePrefix}(\\d+)-`);

/**
 * Removes containers, volumes, networks and images that carry the name of a case's project in their own name or in a label: what Compose
 * made, what Switchback made, and what rehearsals made.
 */
export async function removeCases(whose: (pid: number, line: string) => boolean): Promise<void> {
  const concerned = (found: string[]) =>
    found
      .filter((line) => {
        const owner = ownerIn.exec(line)?.[1];
        return owner !== undefined && whose(Number(owner), line);
      })
      .map((line) => line.split(' ')[0]!);
  const remove = async (command: string[], found: string[]) => {
    const names = [...new Set(concerned(found))];
    if (names.length > 0) await execa('docker', [...command, ...names], { reject: false });
  };
  await remove(
    ['rm', '--force', '--volumes'],
    await lines('ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.Labels}}'),
  );
  await remove(['volume', 'rm', '--force'], await lines('volume', 'ls', '--format', '{{.Name}} {{.Name}} {{.Labels}}'));
  await remove(['network', 'rm'], await lines('network', 'ls', '--format', '{{.ID}} {{.Name}} {{.Labels}}'));
  await remove(['image', 'rm', '--force'], await lines('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'));
}

export const removeProject = (project: string) => removeCases((_pid, line) => line.includes(project));
export const removeDead = () => removeCases((pid) => !existsSync(`/proc/${pid}`));
