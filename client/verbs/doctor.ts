import { errorTable } from '../../runbook/errors.ts';
import { defineVerb } from '../command-line/verb.ts';

export const doctor = defineVerb({
  name: 'doctor',
  group: 'This machine',
  summary: 'what is missing on this machine, and how to get it',
  details:
    'Exits with 4 when something that is needed is missing. Warnings do not count: what they name is optional, or comes with `switchback up`.',
  examples: [['switchback doctor', 'before the first migration']],
  async run(_options, context) {
    const [{ examine }, { table }, { plural }] = await Promise.all([
      import('../doctor/examine.ts'),
      import('../rendering/table.ts'),
      import('../rendering/quantity.ts'),
    ]);
    const findings = await examine(context);
    const lacking = findings.filter((finding) => finding.state === 'missing');
    const noServer = findings.some((finding) => finding.id === 'temporal-server' && finding.state !== 'ok');
    return {
      data: { ok: lacking.length === 0, findings },
      lines: (page) => {
        const { green, yellow, red, dim } = page.style;
        const marks = { ok: green('ok'), warning: yellow('warning'), missing: red('missing') };
        const rows = findings.map((finding) => [marks[finding.state], finding.id, finding.found]);
        const lines = table([{ title: '' }, { title: '' }, { title: '', gives: true }], rows, page);
        return [
          ...findings.flatMap((finding, index) => [
            lines[index]!,
            ...(finding.hint === undefined ? [] : [`         ${dim(finding.hint)}`]),
          ]),
          '',
          lacking.length === 0
            ? 'nothing that is needed is missing'
            : red(`${plural(lacking.length, 'thing')} missing: ${lacking.map((finding) => finding.id).join(', ')}`),
        ];
      },
      next:
        lacking.length > 0
          ? [{ type: 'switchback doctor', why: 'look again' }]
          : noServer
            ? [{ type: 'switchback up', why: 'a server and a worker on this machine' }]
            : [{ type: 'switchback plan', why: 'see exactly what would run' }],
      exitCode: lacking.length > 0 ? errorTable.PreconditionFailed.exitCode : 0,
    };
  },
});
