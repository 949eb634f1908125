import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import { searchAttributeNames } from '../runbook/names.ts';

const keys = {
  target: defineSearchAttributeKey(searchAttributeNames.target, SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey(searchAttributeNames.phase, SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey(searchAttributeNames.state, SearchAttributeType.KEYWORD),
  risk: defineSearchAttributeKey(searchAttributeNames.risk, SearchAttributeType.KEYWORD),
};

/** Search attributes as pairs, for a start or an upsert. */
export function runAttributes(values: { [K in keyof typeof keys]?: string }): SearchAttributePair[] {
  return (Object.keys(values) as (keyof typeof keys)[]).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ key: keys[name], value }];
  });
}
