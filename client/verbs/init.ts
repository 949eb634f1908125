import { relative, resolve } from 'node:path';
import { defineVerb } from '../command-line/verb.ts';

interface Options {
  file?: string[];
  env?: string;
  profile?: string[];
  project?: string;
}

const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

export const init = defineVerb<Options>({
  name: 'init',
  group: 'Plans',
  summary: 'write a plan for the Compose project in this folder',
  details:
    'Looks at the project as it is, writes a commented plan, and copies the active Compose and env files as the baseline to go back to. Nothing that is there is overwritten. Several Compose files (an override, `include`, --file) become one, and variables stay variables.\nFiles, profiles and the project are those that the env file names (COMPOSE_FILE, COMPOSE_PROFILES, COMPOSE_PROJECT_NAME), that run now, or the usual ones.',
  examples: [
    ['switchback init', 'the project in this folder'],
    ['switchback init ../shop --plan shop.yml', 'another project, and another name for the plan'],
    ['switchback init -f compose.yml -f compose.prod.yml --profile web', 'as `docker compose` gets them'],
  ],
  declare: (command) =>
    command
      .argument('[folder]', 'folder of the Compose project (default: this one)')
      .option('-f, --file <file>', 'a Compose file of that folder; may be repeated, later ones override', collect)
      .option('--env <file>', 'the env file (default: .env)')
      .option('--profile <name>', 'a profile that is on; may be repeated', collect)
      .option('-p, --project <name>', 'the Compose project'),
  async run(options, context, [folder]) {
    const { writeInitialPlan } = await import('../init/index.ts');
    const directory = resolve(context.cwd, folder ?? '.');
    const { path, files, warnings } = await writeInitialPlan({
      directory,
      environment: context.env,
      ...(options.file !== undefined && { compose: options.file }),
      ...(options.env !== undefined && { env: options.env }),
      ...(options.profile !== undefined && { profiles: options.profile }),
      ...(options.project !== undefined && { project: options.project }),
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
