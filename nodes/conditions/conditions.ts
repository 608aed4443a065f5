import type { NodeContext, ParameterSchema } from '#runtime';
import { evaluateFilter } from '#workflow';

import { flagParam } from '../read.ts';
import { collection, flag } from '../schema.ts';
import { isRecord } from '../values.ts';

/**
 * Whether an item meets a filter that was resolved for it. Types are as strict as the filter says; from version 2.1 of
 * If and Filter (3.1 of Switch) the node's "convert types" setting decides instead.
 */
export function conditionsHold(context: NodeContext, filter: unknown, index: number): boolean {
  const loose =
    flagParam(context, 'looseTypeValidation', index) || flagParam(context, 'options.looseTypeValidation', index);
  // Filters of the first version 2 nodes name no validation: they are loose.
  const named = isRecord(filter) && isRecord(filter['options']) ? filter['options']['typeValidation'] : undefined;
  const settings = { itemIndex: index, zone: context.zone };
  return evaluateFilter(filter, loose || named === undefined ? { ...settings, typeValidation: 'loose' } : settings);
}

type Shown = NonNullable<Parameters<typeof flag>[2]>;

/** The settings beside a filter. `ignoreCase` is known and does nothing: the filter's own setting decides. */
export const filterOptions = (shown: Shown): ParameterSchema[] => [
  flag('looseTypeValidation', false, shown),
  collection('options', [flag('ignoreCase', true), flag('looseTypeValidation')], shown),
];
