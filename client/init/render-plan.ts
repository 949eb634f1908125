import { recogniseHttp, type HttpSketch } from './recognise-http.ts';
import { otherStore, postgresStores, recognisePostgres, type PostgresSketch } from './recognise.ts';
import { isWithin } from './look-at-engine.ts';
import type { StackSketch } from './stack-sketch.ts';

/** Everything that goes into a first plan. */
export interface PlanDraft {
  sketch: StackSketch;
  /** Of the stack, relative to the plan. */
  directory: string;
  compose: string;
  env?: string;
  profiles: readonly string[];
  /** Files that were put into one, where there were several. */
  together?: readonly string[];
  /** What endangers a way back, one sentence each. */
  dangers: readonly string[];
  baseline: { compose: string; env?: string };
  /** Name of the baseline's tag and of the backup branch; absent where the stack is in no git repository. */
  git?: { tag: string; branch: string };
}

/** A plan with one phase that changes nothing: it proves that the stack can be saved, verified and gone back to. */
export function renderPlan(draft: PlanDraft): string {
  const { sketch, git, baseline } = draft;
  const stores = postgresStores(sketch.services);
  const https = sketch.services.flatMap(recogniseHttp);
  const checks = [
    `- { services: ${sketch.services.length}, healthy: true }`,
    ...https.filter(({ known }) => known).map(httpCheck),
    ...https
      .filter(({ known }) => !known)
      .map((http) => `# - { http: ${scalar(http.url)}, status: 200 }   # does ${http.service} answer there?`),
  ];
  return `${[
    `# A first plan for ${sketch.project}, made by \`switchback init\` from ${(draft.together ?? [draft.compose]).join(', ')}.`,
    '# Its one phase changes nothing: it proves that the stack can be backed up, verified and gone back to.',
    '# Write your own phases below it. `switchback lint` checks the plan, `switchback plan` shows exactly what would run.',
    'switchback: 1',
    `name: ${scalar(`${sketch.project}-migration`.slice(0, 63))}`,
    `title: ${scalar(`Migration of ${sketch.project}`)}`,
    ...dangerLines(draft),
    ...stackLines(draft),
    '',
    ...storeLines(stores, sketch),
    '',
    ...protectLines(stores, sketch),
    '',
    '# What everything can go back to: a copy of the files as they are now. Commit it.',
    `baseline: ${flow({ ...baseline, tag: git?.tag, services: sketch.services.length })}`,
    ...(git === undefined
      ? ['# The stack is in no git repository: with one, `before: { tag: v1-stable }` marks the state before any work.']
      : [
          '# Made before the first phase, on the commit that is checked out. `push: true` pushes both.',
          `before: ${flow({ ...git })}`,
        ]),
    '',
    '# How long each part of a recovery may take; every rollback is measured against this.',
    'objectives: { detection: 1m, decision: 2m, execution: 5m, verification: 3m }',
    '',
    '# Whom to call when a rollback fails, and who approves:',
    '# contacts:',
    "#   - { role: tech-lead, name: …, contact: '…' }",
    '',
    'phases:',
    '  - id: prove-baseline',
    '    title: Prove what we start from',
    '    risk: low',
    `    checkpoint: ${flow({ ...baseline })}`,
    ...backupLines(stores, sketch).map((line) => `    ${line}`),
    '    verify:',
    ...checks.map((line) => `      ${line}`),
    ...(git === undefined ? [] : [`    tag: ${scalar(`${sketch.project}-phase-1-complete`)}`]),
    '',
    ...example(draft, stores, https).map((line) => (line === '' ? '' : `  # ${line}`)),
  ].join('\n')}\n`;
}

/** The same that the command says, for whoever reads the plan later. */
function dangerLines({ dangers }: PlanDraft): string[] {
  if (dangers.length === 0) return [];
  return ['', '# Look at these before the first run; each endangers the way back:', ...dangers.flatMap(folded), ''];
}

/** A sentence as comment lines of at most 120 characters. */
function folded(sentence: string): string[] {
  const lines = ['# -'];
  for (const word of sentence.split(' ')) {
    if ((lines.at(-1) ?? '').length + word.length + 1 > 120) lines.push('#  ');
    lines.push(`${lines.pop() ?? ''} ${word}`);
  }
  return lines;
}

function stackLines({ sketch, directory, compose, env, profiles, together }: PlanDraft): string[] {
  const others = Object.entries(sketch.otherProfiles).map(
    ([profile, services]) => `${profile} (${services.join(', ')})`,
  );
  const list = profiles.length === 0 ? '' : `, profiles: [${profiles.map(scalar).join(', ')}]`;
  const said = flow({ directory, project: sketch.project, compose, env }).replace(/ }$/, `${list} }`);
  return [
    ...(together === undefined
      ? []
      : [
          `# ${compose} is what ${together.join(', ')} say together: a checkpoint is one file that says everything.`,
          `# From now on the stack is started from it: \`docker compose -f ${compose} up -d\`, or COMPOSE_FILE=${compose}.`,
        ]),
    ...(others.length === 0 ? [] : [`# Profiles that are off, and left alone: ${others.join('; ')}.`]),
    `stack: ${said}`,
  ];
}

function storeLines(stores: readonly PostgresSketch[], sketch: StackSketch): string[] {
  const unknown = sketch.services.flatMap((service) => {
    const other = recognisePostgres(service) === undefined ? otherStore(service) : undefined;
    return other === undefined
      ? []
      : [
          `# ${service.name} looks like ${other.what}: it is backed up with its volume${other.note === undefined ? '' : ` (${other.note})`}.`,
        ];
  });
  if (stores.length === 0) {
    return [
      '# Databases that the plan changes, backs up or compares:',
      '# stores:',
      "#   orders: { kind: postgres, url: '${env:ORDERS_URL}' }",
      ...unknown,
    ];
  }
  return [
    "# The password is the one in the container's own environment; another one is said by reference: password: '${env:NAME}'.",
    'stores:',
    ...stores.flatMap(({ store, service, database, user, guessed }) => [
      ...(guessed ? [`  # Check database and user: they are only the usual ones.`] : []),
      `  ${store}: ${flow({ kind: 'postgres', service, database, user })}`,
    ]),
    ...unknown,
  ];
}

function protectLines(stores: readonly PostgresSketch[], sketch: StackSketch): string[] {
  const table = stores[0]?.store;
  const volume = sketch.volumes[0]?.name;
  return [
    '# What no step may delete, modify or overwrite; a protected volume is not even replaced by its own backup.',
    '# protect:',
    ...(table === undefined
      ? []
      : [`#   - { store: ${table}, tables: ['public.*'], allow: expand }   # columns and indexes may be added`]),
    ...(volume === undefined ? [] : [`#   - { volume: ${scalar(volume)} }`]),
    '#   - { path: secrets }',
  ];
}

function backupLines(stores: readonly PostgresSketch[], sketch: StackSketch): string[] {
  const dumped = (volume: StackSketch['volumes'][number]) =>
    stores.some(({ service }) => volume.usedBy.includes(service));
  const lines = [
    ...stores.map(({ store }) => `  - { store: ${store} }`),
    ...sketch.volumes.map((volume) => {
      const line = `- { volume: ${scalar(volume.name)}, quiesce: stop }`;
      return dumped(volume) && isHidden(volume.key, sketch)
        ? `  # ${line}   # has not the data: that is in a volume without a name, below where this one is mounted`
        : dumped(volume)
          ? `  # ${line}   # ${whatDumpsHave(volume, sketch)}`
          : volume.inMemory
            ? `  # ${line}   # is in memory`
            : `  ${line}   # used by ${volume.usedBy.join(', ')}`;
    }),
  ];
  if (lines.length === 0) return ['# No volume and no database was found: there is nothing to back up.'];
  return [lines.some((line) => !line.startsWith('  #')) ? 'backup:' : '# backup:', ...lines];
}

/** A server that did not run was not asked for its databases; a run asks it, and is refused while one is in no backup. */
function whatDumpsHave({ usedBy }: StackSketch['volumes'][number], { services }: StackSketch): string {
  const servers = services.filter((service) => usedBy.includes(service.name) && recognisePostgres(service));
  const unasked = servers.some(({ databases }) => databases === undefined);
  return unasked ? 'has what the dump has, and databases of the server that are no store' : 'has what the dumps have';
}

/** Whether an image keeps its data in a volume without a name, below where a named one is mounted. */
const isHidden = (volume: string, { services }: StackSketch) =>
  services.some(({ mounts, anonymous }) =>
    mounts.some(({ source, target }) => source === volume && anonymous.some((path) => isWithin(path, target))),
  );

/** A phase to copy, as a comment. */
function example(draft: PlanDraft, stores: readonly PostgresSketch[], https: readonly HttpSketch[]): string[] {
  const store = stores[0]?.store;
  const http = https[0];
  return [
    '- id: first-change',
    '  title: What this phase delivers',
    '  risk: medium',
    '  needs: [prove-baseline]',
    `  checkpoint: ${flow({ compose: 'docker/v2-phase-2-first-change.yml', env: draft.env === undefined ? undefined : 'docker/.env.v2' })}`,
    ...(store === undefined
      ? []
      : [
          '  backup:',
          `    - { store: ${store} }`,
          '  steps:',
          `    - { sql: ${store}, file: schemas/002-expand.sql, undo: schemas/002-expand.undo.sql }`,
        ]),
    '  gate:',
    '    - { approval: tech-lead }',
    '  verify:',
    `    - { services: ${draft.sketch.services.length}, healthy: true }`,
    ...(http === undefined ? [] : [`    ${httpCheck(http)}`]),
    '  bake: { for: 15m, triggers: [ { healthFailures: 3, decide: quick } ] }',
  ];
}

const httpCheck = ({ url }: HttpSketch) => `- { http: ${scalar(url)}, status: 200 }`;

/** A mapping on one line; what is undefined is left out. */
function flow(entries: Record<string, string | number | undefined>): string {
  const shown = Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${typeof value === 'number' ? value : scalar(value)}`],
  );
  return `{ ${shown.join(', ')} }`;
}

/** A text that YAML reads as a text, also inside a mapping on one line. */
function scalar(text: string): string {
  const plain =
    /^[A-Za-z_./][\w./ -]*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|~|\.nan|[-+]?\.inf|\.\d.*)$/i.test(text) &&
    !text.endsWith(' ');
  return plain ? text : `'${text.replaceAll("'", "''")}'`;
}
