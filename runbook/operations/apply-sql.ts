import { isBesideDatabase } from '../beside-database.ts';
import { digestOf } from '../break-glass/contents.ts';
import { dataNow, protectedNow } from '../break-glass/protected-tables.ts';
import { quote } from '../break-glass/quote.ts';
import { byHand } from '../break-glass/step.ts';
import { urlVariable } from '../break-glass/store-address.ts';
import { SwitchbackError } from '../errors.ts';
import { asItIs, defineOperation, touchesNoData } from './define-operation.ts';

export interface ApplySqlInput {
  store: string;
  source: { file: string } | { statement: string } | { digest: string };
  transactional: boolean;
  proof?: string;
  expand: boolean;
}

declare module './operation.ts' {
  interface OperationInputs {
    applySql: ApplySqlInput;
  }
}

export const applySql = defineOperation({
  kind: 'applySql',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inClone: asItIs,
  knowsUndoAfterwards: true,
  leavesEvidence: true,
  writesTo: (operation) => (isBesideDatabase(operation) ? [] : [`store:${operation.input.store}`]),
  byHand: ({ id, summary, undoes = [], keepsData, input: { store, source, transactional } }, script) => {
    const ref = script.plan.stores[store];
    const digest =
      'statement' in source
        ? script.statements.get(source.statement)
        : digestOf('file' in source ? { path: source.file } : { ...source, path: store }, script);
    if (digest === undefined || ref === undefined)
      throw new SwitchbackError(
        'IntegrityFailed',
        `the SQL of ${id}, or its store ${store}, is not in the sealed plan`,
      );
    const file = quote(`${script.home.root}/content/${digest.slice(0, 2)}/${digest.slice(2)}`);
    const hand = (why: string) =>
      byHand(id, summary, {
        why: `${why}; set ${urlVariable(store)} to the address of store ${store}`,
        commands: [`cat ${file}`, `psql "$${urlVariable(store)}" -X -v ON_ERROR_STOP=1 -f ${file}`],
      });
    if (!transactional)
      return hand('it cannot run in a transaction, so a shell that was killed cannot tell how far it came');
    if (undoes.some((key) => script.state.operations.get(key)?.status === 'by-hand'))
      return hand('what it takes back was done by hand, so the ledger of the database does not know of it');
    const address = script.storeKindOf(ref).scriptAddress(store, ref);
    if (address === undefined) return hand('a script does not know how to reach its store');
    const set = {
      ...{ sql_digest: digest, undoes, protected_now: protectedNow(script.plan.protect, store) },
      data_now: keepsData ? dataNow : '',
    };
    return { kind: 'sql', title: summary, operation: id, set: { ...address, ...set } };
  },
});
