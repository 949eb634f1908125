import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson } from '../../runbook/json.ts';
import type { ContentRef } from '../../runbook/operations.ts';
import type { EffectContext } from '../effect.ts';

/** What files were, and what they became, path by path. */
export interface FileLists {
  files: ContentRef[];
  written: ContentRef[];
}

/** Keeps both lists as one content, since there is no limit to their length. Returns the digest. */
export function keepExchange(lists: FileLists, context: Pick<EffectContext, 'keep'>): Promise<string> {
  return context.keep(Buffer.from(canonicalJson({ format: 1, ...lists }), 'utf8'));
}

/** @throws SwitchbackError `IntegrityFailed`, `Unsupported` when a newer version wrote it. */
export async function keptExchange(digest: string, context: Pick<EffectContext, 'kept'>): Promise<FileLists> {
  const { format, files, written } = JSON.parse((await context.kept(digest)).toString('utf8')) as FileLists & {
    format: number;
  };
  if (format !== 1)
    throw new SwitchbackError('Unsupported', `the list of files ${digest.slice(0, 12)} has format ${format}`);
  return { files, written };
}
