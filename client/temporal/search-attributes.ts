import { searchAttributeNames } from '../../runbook/names.ts';
import type { TemporalConnection } from './connection.ts';

/** `INDEXED_VALUE_TYPE_KEYWORD` of the server's API. */
const keyword = 2;

const wanted = Object.values(searchAttributeNames);

/** Our search attributes that the server does not know yet. Where some are missing, the memo serves instead. */
export async function missingSearchAttributes(temporal: TemporalConnection): Promise<string[]> {
  const { settings, connection } = temporal;
  const response = await temporal.within(settings.timeoutMs, () =>
    connection.operatorService.listSearchAttributes({ namespace: settings.namespace }),
  );
  return wanted.filter((name) => response.customAttributes?.[name] === undefined);
}

/** Registers what is missing. Needs an operator's rights on the server. */
export async function registerSearchAttributes(temporal: TemporalConnection, names: readonly string[]): Promise<void> {
  const { settings, connection } = temporal;
  await temporal.within(settings.timeoutMs, () =>
    connection.operatorService.addSearchAttributes({
      namespace: settings.namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, keyword])),
    }),
  );
}
