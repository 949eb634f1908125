import { defineVerb } from '../command-line/verb.ts';

export const history = defineVerb<{ markdown?: boolean }>({
  name: 'history',
  group: 'Records',
  summary: 'the whole story of a run: what was done, how long it took, who decided what',
  details: 'Read from the journal on this machine, so it needs neither Temporal nor a worker.',
  examples: [
    ['switchback history', 'the newest run'],
    ['switchback history 20260301-140309-7f3a --markdown > run.md', 'an older one, for a wiki'],
  ],
  declare: (command) =>
    command.argument('[run]', 'id of the run (default: the newest)').option('--markdown', 'as a Markdown page'),
  async run(options, context, [wanted]) {
    const [
      { locate },
      { requireLocalTarget },
      { accountOf },
      { accountPage },
      { accountMarkdown },
      { workflowPage },
      { migrationWorkflowId },
      { UsageError },
    ] = await Promise.all([
      import('../settings/locate.ts'),
      import('../runs/local-target.ts'),
      import('../history/account.ts'),
      import('../history/account-page.ts'),
      import('../history/account-markdown.ts'),
      import('../settings/settings.ts'),
      import('../../runbook/names.ts'),
      import('../command-line/usage-error.ts'),
    ]);
    const { target } = await locate(options, context);
    const local = await requireLocalTarget(target, context.settings);
    const runs = local.state.runs.map((run) => run.id);
    const runId = wanted ?? runs.at(-1);
    const account = runId === undefined ? undefined : accountOf(target, local.records, runId);
    if (!account)
      throw new UsageError(
        `the journal of ${target} knows no run ${wanted ?? 'yet'}`,
        `Runs: ${runs.join(', ') || 'none'}.`,
      );
    // Each run of a target is an execution of its own under the same id.
    const execution = account.workflows.at(-1);
    const ui = workflowPage(
      context.settings,
      execution?.workflowId ?? migrationWorkflowId(target),
      execution?.workflowRunId,
    );
    return {
      data: { ...account, ui, runs },
      lines: (page) =>
        options.markdown
          ? accountMarkdown(account, ui)
          : [...accountPage(account, page), '', page.style.dim(ui), page.style.dim(local.home.journal)],
    };
  },
});
