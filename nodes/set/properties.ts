import type { ParameterSchema } from '#runtime';

import { choice, collection, flag, json, number, parameter, rows, text } from '../schema.ts';

const old = { '@version': [1, 2] };
const named = (value: string | number | boolean): ParameterSchema[] => [
  text('name', 'propertyName'),
  parameter('value', typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'boolean', value),
];

export const properties: readonly ParameterSchema[] = [
  flag('keepOnlySet', false, { show: old }),
  parameter('values', 'fixedCollection', {}, { show: old, typeOptions: { multipleValues: true } }, [
    { name: 'boolean', displayName: 'Boolean', values: named(true) },
    { name: 'number', displayName: 'Number', values: named(0) },
    { name: 'string', displayName: 'String', values: named('') },
  ]),
  choice('mode', ['manual', 'raw'], { hide: old }),
  flag('duplicateItem', false, { hide: old }),
  number('duplicateCount', 0, { hide: old, show: { duplicateItem: [true] } }),
  json('jsonOutput', '{\n  "my_field_1": "value",\n  "my_field_2": 1\n}', { hide: old, show: { mode: ['raw'] } }),
  rows(
    'fields',
    'values',
    [
      text('name'),
      choice('type', ['stringValue', 'numberValue', 'booleanValue', 'arrayValue', 'objectValue']),
      text('stringValue'),
      text('numberValue'),
      parameter('booleanValue', 'boolean', 'true'),
      text('arrayValue'),
      json('objectValue', '={}'),
    ],
    { show: { '@version': [3, 3.1, 3.2], mode: ['manual'] } },
  ),
  parameter(
    'assignments',
    'assignmentCollection',
    {},
    { hide: { '@version': [1, 2, 3, 3.1, 3.2] }, show: { mode: ['manual'] } },
  ),
  flag('includeOtherFields', false, { hide: { '@version': [1, 2, 3, 3.1, 3.2] } }),
  choice('include', ['all', 'none', 'selected', 'except'], { hide: old }),
  text('includeFields', '', { hide: old, show: { include: ['selected'] } }),
  text('excludeFields', '', { hide: old, show: { include: ['except'] } }),
  collection('options', [
    flag('dotNotation', true),
    flag('includeBinary', true),
    flag('ignoreConversionErrors'),
    flag('stripBinary', true),
  ]),
];
