import { relative, resolve } from 'node:path';
import { defineVerb } from '../command-line/verb.ts';

export const init = defineVerb({
  name: 'init',
  group: 'Plans',
  summary: 'write a plan for the Compose project in this folder',
  details:
    'Looks at the project as it is, writes a commented plan, and copies the active Compose and env files as the baseline to go back to. Nothing that is there is overwritten.',
  examples: [
    ['switchback init', 'the project in this folder'],
    ['switchback init ../shop --plan shop.yml', 'another project, and another name for the plan'],
  ],
  declare: (command) => command.argument('[folder]', 'folder of the Compose project (default: this one)'),
  async run(options, context, [folder]) {
    const { writeInitialPlan } = await import('../init/index.ts');
    const directory = resolve(context.cwd, folder ?? '.');
    const { path, files, warnings } = await writeInitialPlan({
      directory,
      environment: context.env,
      ...(options.plan !== undefined && { file: resolve(context.cwd, options.plan) }),
    });
    const shown = (file: string) => relative(context.cwd, file) || file;
    const flag = shown(path) === 'switchback.yml' ? '' : ` --plan ${shown(path)}`;
    return {
      data: { path, files, warnings },
      lines: ({ style }) => [
        ...files.map((file) => `${style.green('written')} ${shown(file)}`),
        ...(warnings.length === 0
          ? []
          : ['', style.bold('look at'), ...warnings.map((warning) => `  ${style.yellow('-')} ${warning}`)]),
      ],
      next: [
        { type: `switchback lint${flag}`, why: 'after you have edited it' },
        { type: `switchback plan${flag}`, why: 'see exactly what would run, and how it is taken back' },
      ],
    };
  },
});
