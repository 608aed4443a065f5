import type { ParameterSchema } from '#runtime';

import { choice, collection, flag, group, number, rows, text } from '../schema.ts';
import { JOIN_MODES } from './match.ts';

const v1 = { '@version': [1] };
const v2 = { '@version': [2, 2.1] };
const v3 = { '@version': [3, 3.1, 3.2] };
const combine = { mode: ['combine'] };

const clash = group('clashHandling', 'values', [
  text('resolveClash'),
  choice('mergeMode', ['deepMerge', 'shallowMerge']),
  flag('overrideEmpty'),
]);

/** All parameters of all versions; the version says which are read. */
export const properties: readonly ParameterSchema[] = [
  choice(
    'mode',
    ['append', 'keepKeyMatches', 'mergeByIndex', 'mergeByKey', 'multiplex', 'passThrough', 'removeKeyMatches', 'wait'],
    { show: v1 },
  ),
  choice('join', ['left', 'inner', 'outer'], { show: { ...v1, mode: ['mergeByIndex'] } }),
  text('propertyName1', '', { show: { ...v1, mode: ['mergeByKey', 'keepKeyMatches', 'removeKeyMatches'] } }),
  text('propertyName2', '', { show: { ...v1, mode: ['mergeByKey', 'keepKeyMatches', 'removeKeyMatches'] } }),
  choice('output', ['input1', 'input2'], { show: { ...v1, mode: ['passThrough'] } }),
  choice('overwrite', ['always', 'blank', 'undefined'], { show: { ...v1, mode: ['mergeByKey'] } }),

  choice('mode', ['append', 'combine', 'chooseBranch'], { show: v2 }),
  choice('combinationMode', ['mergeByFields', 'mergeByPosition', 'multiplex'], { show: { ...v2, ...combine } }),
  choice('output', ['input1', 'input2', 'empty'], { show: { ...v2, mode: ['chooseBranch'] } }),

  choice('mode', ['append', 'combine', 'combineBySql', 'chooseBranch'], { show: v3 }),
  choice('combineBy', ['combineByFields', 'combineByPosition', 'combineAll'], { show: { ...v3, ...combine } }),
  number('numberInputs', 2, { show: v3 }),
  flag('advanced', false, { show: { ...v3, ...combine } }),
  text('fieldsToMatchString', '', { show: { ...v3, ...combine, advanced: [false] } }),
  choice('output', ['specifiedInput', 'empty'], { show: { ...v3, mode: ['chooseBranch'] } }),
  number('useDataOfInput', 1, { show: { ...v3, mode: ['chooseBranch'], output: ['specifiedInput'] } }),

  rows('mergeByFields', 'values', [text('field1'), text('field2')], { hide: v1 }),
  choice('joinMode', JOIN_MODES, { hide: v1, show: combine }),
  choice('outputDataFrom', ['both', 'input1', 'input2'], { hide: v1, show: combine }),
  collection(
    'options',
    [
      clash,
      flag('disableDotNotation'),
      flag('fuzzyCompare'),
      flag('includeUnpaired'),
      choice('multipleMatches', ['all', 'first']),
    ],
    { hide: v1 },
  ),
];
