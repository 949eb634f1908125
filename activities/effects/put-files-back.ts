import { guardPath } from '../../runbook/guard/guard-path.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { exchangeFiles, lookAtFiles } from '../files/index.ts';
import { keptExchange } from './file-manifest.ts';
import { stillRead, type ContainerList } from './files-still-read.ts';
import { stackRoot } from './restore-files.ts';

type Input = OperationInputs['putFilesBack'];
type Context = EffectContext<'putFilesBack'>;

/** Puts files back exactly as they were before `restoreFiles`: content, permission bits, links, absence. */
export function putFilesBackHandler({ engine }: { engine: ContainerList }): EffectHandler<'putFilesBack'> {
  return {
    async prepare(input, context) {
      const { to } = await exchangeOf(input, context);
      for (const { path } of to) {
        const finding = guardPath(path, context.plan.protect)[0];
        if (finding) throw new SwitchbackError('Protected', finding.message, { hint: finding.hint, facts: { path } });
      }
      return { undo: { by: 'nothing', summary: 'an undo is not undone by itself' }, facts: { files: to.length } };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const standing = await lookAtFiles(await stackRoot(context), await exchangeOf(input, context), {
        kept: (digest) => context.kept(digest),
      });
      const all = [...standing.values()];
      if (all.every((where) => where === 'to')) return 'done';
      return all.every((where) => where === 'from') ? 'absent' : 'partial';
    },

    async perform(input, context) {
      const exchange = await exchangeOf(input, context);
      const root = await stackRoot(context);
      await exchangeFiles(root, exchange, {
        kept: (digest) => context.kept(digest),
        fence: () => context.fence(),
        onFile: (done, total) => context.progress({ doing: 'putting files back', done, total }),
      });
      const files = exchange.to.length;
      const paths = exchange.to.map(({ path }) => path).sort();
      const still = await stillRead(engine, context, root, paths);
      return {
        summary: `${files} ${files === 1 ? 'file is' : 'files are'} as before the restore${still}`,
        facts: { files },
        effect: { files: paths },
      };
    },
  };
}

async function exchangeOf(input: Input, context: Context) {
  const { files, written } = input.manifest === undefined ? input : await keptExchange(input.manifest, context);
  return { from: written, to: files };
}
