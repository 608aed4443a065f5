import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import test from 'node:test';

import type { JsonObject } from '#workflow';

import { crypto } from './crypto/node.ts';
import { translated } from './date-time/legacy.ts';
import { dateTime } from './date-time/node.ts';
import { readDate } from './date-time/parse.ts';
import { cron, interval, scheduleTrigger } from './schedule-trigger/node.ts';
import { jsonsOf, nodeOf, outputsOf } from './testing.ts';

for (const [value, iso] of [
  ['2024-03-10T07:30:00Z', '2024-03-10T07:30:00.000Z'],
  ['2024-03-10 07:30', '2024-03-10T07:30:00.000Z'],
  ['2024-W10-7', '2024-03-10T00:00:00.000Z'],
  ['2024-070', '2024-03-10T00:00:00.000Z'],
  ['10.03.2024', '2024-10-03T00:00:00.000Z'],
  ['Sun, 10 Mar 2024 07:30:00 GMT', '2024-03-10T07:30:00.000Z'],
  ['March 10, 2024', '2024-03-10T00:00:00.000Z'],
  ['', '1970-01-01T00:00:00.000Z'],
  [1_710_000_000, '2024-03-09T16:00:00.000Z'],
  ['1710000000000', '2024-03-09T16:00:00.000Z'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
] as const) {
  test(`${JSON.stringify(value)} is read as ${iso}`, () => assert.equal(readDate(value, 'utc').toISO(), iso));
}

for (const value of ['tomorrow', 'x', {}]) {
  test(`${JSON.stringify(value)} is no date`, () =>
    assert.throws(() => readDate(value, 'utc'), { message: 'Invalid date format' }));
}

const d = '2024-02-29T22:30:15.250Z';
const scene = { inputs: [[{ d }]], context: { zone: 'America/New_York' } };

/** Rows: parameters, the result. Zone is New York. */
for (const [parameters, expected] of [
  [{ operation: 'formatDate', date: d, format: 'MM/dd/yyyy' }, { formattedDate: '02/29/2024' }],
  [{ operation: 'formatDate', date: d, format: 'custom', customFormat: 'HH:mm ZZ' }, { formattedDate: '22:30 +00:00' }],
  [
    { operation: 'formatDate', date: d, format: 'custom', customFormat: 'HH:mm', options: { timezone: true } },
    { formattedDate: '17:30' },
  ],
  [
    {
      operation: 'formatDate',
      date: '05.06.23 04|03',
      format: 'yyyy-MM-dd',
      options: { fromFormat: 'dd.MM.yy HH|mm' },
    },
    { formattedDate: '2023-06-05' },
  ],
  [{ operation: 'formatDate', date: d, format: 'x' }, { formattedDate: '1709245815250' }],
  [
    { operation: 'addToDate', magnitude: d, timeUnit: 'months', duration: 3 },
    { newDate: '2024-05-29T17:30:15.250-04:00' },
  ],
  [
    { operation: 'subtractFromDate', magnitude: d, timeUnit: 'days', duration: 1 },
    { newDate: '2024-02-28T17:30:15.250-05:00' },
  ],
  [{ operation: 'extractDate', date: d, part: 'week' }, { datePart: 9 }],
  [{ operation: 'extractDate', date: d, part: 'hour' }, { datePart: 17 }],
  [{ operation: 'roundDate', date: d, toNearest: 'hour' }, { roundedDate: '2024-02-29T17:00:00.000-05:00' }],
  [{ operation: 'roundDate', date: d, mode: 'roundUp', to: 'month' }, { roundedDate: '2024-03-01T00:00:00.000-05:00' }],
  [
    { operation: 'getTimeBetweenDates', startDate: '2024-03-10', endDate: '2024-01-01', units: ['week', 'day'] },
    { timeDifference: { weeks: -9, days: -6 } },
  ],
  [
    {
      operation: 'getTimeBetweenDates',
      startDate: '2024-01-01',
      endDate: '2024-03-10',
      units: ['month', 'day'],
      options: { isoString: true },
    },
    { timeDifference: 'P2M9D' },
  ],
  [{}, { currentDate: '2024-03-10T08:00:00.000-04:00' }],
  [{ includeTime: false, options: { timezone: 'UTC' } }, { currentDate: '2024-03-10T00:00:00.000Z' }],
  [
    { operation: 'extractDate', date: d, part: 'day', outputFieldName: 'day', options: { includeInputFields: true } },
    { d, day: 29 },
  ],
] as const) {
  test(`date ${JSON.stringify(parameters)}`, async () => {
    assert.deepEqual(
      await jsonsOf(dateTime, { ...scene, parameters: structuredClone(parameters) as unknown as JsonObject }),
      [expected],
    );
  });
}

test('a bad date is an error, or an error item where the node carries on', async () => {
  const bad = { ...scene, parameters: { operation: 'formatDate', date: 'tomorrow' } };
  await assert.rejects(async () => outputsOf(dateTime, bad), { message: 'Invalid date format' });
  const carried = { ...bad, context: { ...bad.context, continuesOnFail: true } };
  assert.deepEqual(await jsonsOf(dateTime, carried), [{ error: 'Invalid date format' }]);
});

test('an operation or a zone that does not exist is refused', async () => {
  for (const parameters of [{ operation: 'nope' }, { options: { timezone: 'Mars/Base' } }]) {
    await assert.rejects(async () => outputsOf(dateTime, { ...scene, parameters }), { code: 'NODE_PARAMETER_INVALID' });
  }
});

for (const [old, now] of [
  ['YYYY/MM/DD', 'yyyy/MM/dd'],
  ['dddd [the] D', "EEEE 'the' d"],
  ['hh:mm A Z', 'hh:mm a ZZ'],
  ['X', 'X'],
] as const) {
  test(`the old format ${old} is ${now}`, () => assert.equal(translated(old), now));
}

for (const [parameters, expected] of [
  [{ value: '08/01/2022', toFormat: 'YYYY/MM/DD' }, '2022/08/01'],
  [{ value: '08/01/2022', toFormat: 'YYYY/MM/DD', options: { fromTimezone: 'US/Hawaii' } }, '2022/07/31'],
  [{ value: '2022-01-12', toFormat: 'MM-DD-YYYY', options: { fromFormat: 'YYYY-DD-MM' } }, '12-01-2022'],
  [{ value: '2022-08-01T00:00:00Z', toFormat: 'HH:mm', options: { toTimezone: 'UTC' } }, '00:00'],
  [{ value: '1663801200000', toFormat: 'YYYY', options: { fromFormat: 'x', toTimezone: 'UTC' } }, '2022'],
  [{ action: 'calculate', value: '2022-08-01T00:00:00Z', duration: 2, timeUnit: 'months' }, '2022-10-01T00:00:00.000Z'],
  [
    { action: 'calculate', value: '2022-08-01T00:00:00Z', operation: 'subtract', duration: 1 },
    '2022-07-31T00:00:00.000Z',
  ],
] as const) {
  test(`date version 1: ${JSON.stringify(parameters)}`, async () => {
    const made = await jsonsOf(dateTime, {
      ...scene,
      version: 1,
      parameters: structuredClone(parameters) as unknown as JsonObject,
    });
    assert.deepEqual(made, [{ d, data: expected }]);
  });
}

const specs = (rule: JsonObject): unknown[] =>
  (
    scheduleTrigger.schedule?.specs(
      nodeOf(scheduleTrigger, { parameters: { rule: { interval: [rule] } } }),
      'Europe/Berlin',
    ) ?? []
  ).map(({ cron: line, every }) => (every ? [line, every.n, every.unit] : line));

for (const [rule, expected] of [
  [{}, '0 0 0 * * *'],
  [{ field: 'seconds', secondsInterval: 10 }, '*/10 * * * * *'],
  [{ field: 'minutes' }, '0 */5 * * * *'],
  [{ field: 'hours', hoursInterval: 2, triggerAtMinute: 5 }, '0 5 */2 * * *'],
  [{ field: 'hours' }, '0 0 * * * *'],
  [{ field: 'days', triggerAtHour: 9, triggerAtMinute: 30 }, '0 30 9 * * *'],
  [{ field: 'days', daysInterval: 3 }, ['0 0 0 * * *', 3, 'days']],
  [{ field: 'weeks', triggerAtDay: [1, 5], triggerAtHour: 8 }, '0 0 8 * * 1,5'],
  [{ field: 'weeks', weeksInterval: 3 }, ['0 0 0 * * 0', 3, 'weeks']],
  [{ field: 'months', triggerAtDayOfMonth: 15 }, '0 0 0 15 * *'],
  [{ field: 'months', monthsInterval: 2 }, ['0 0 0 1 * *', 2, 'months']],
  [{ field: 'cronExpression', expression: '0 9 * * 1-5' }, '0 0 9 * * 1-5'],
  [{ field: 'cronExpression', expression: '30 0 9 * * 1-5' }, '30 0 9 * * 1-5'],
] as const) {
  test(`schedule ${JSON.stringify(rule)}`, () =>
    assert.deepEqual(specs(structuredClone(rule) as unknown as JsonObject), [expected]));
}

for (const [rule, code] of [
  [{ field: 'cronExpression', expression: 'nonsense' }, 'NODE_CRON_INVALID'],
  [{ field: 'cronExpression', expression: '99 9 * * *' }, 'NODE_CRON_INVALID'],
  [{ field: 'cronExpression', expression: '' }, 'NODE_CRON_INVALID'],
  [{ field: 'minutes', minutesInterval: 0 }, 'NODE_PARAMETER_INVALID'],
  [{ field: 'days', triggerAtHour: 25 }, 'NODE_PARAMETER_INVALID'],
  [{ field: 'weeks', triggerAtDay: [9] }, 'NODE_PARAMETER_INVALID'],
  [{ field: 'fortnights' }, 'NODE_PARAMETER_INVALID'],
] as const) {
  test(`schedule refuses ${JSON.stringify(rule)}`, () => {
    assert.throws(() => specs(structuredClone(rule) as unknown as JsonObject), { code });
  });
}

test('more rules than the limit are refused', () => {
  const parameters = { rule: { interval: Array.from({ length: 101 }, () => ({})) } };
  assert.throws(() => scheduleTrigger.schedule?.specs(nodeOf(scheduleTrigger, { parameters }), 'UTC'), {
    code: 'NODE_TOO_MANY',
  });
});

test('a due time comes as its parts in the zone', () => {
  const [item] = scheduleTrigger.schedule?.items(Date.UTC(2024, 2, 2, 13, 4, 5), 'America/New_York') ?? [];
  assert.deepEqual(item?.json, {
    timestamp: '2024-03-02T08:04:05.000-05:00',
    'Readable date': 'March 2nd 2024, 8:04:05 am',
    'Readable time': '8:04:05 am',
    'Day of week': 'Saturday',
    Year: '2024',
    Month: 'March',
    'Day of month': '02',
    Hour: '08',
    Minute: '04',
    Second: '05',
    Timezone: 'America/New_York (UTC-05:00)',
  });
});

test('started by hand the schedule gives the present moment, by the clock the given one', async () => {
  const [byHand] = await jsonsOf(scheduleTrigger, { inputs: [[{}]] });
  assert.equal((byHand as JsonObject)['Year'], '2024');
  assert.deepEqual(await jsonsOf(scheduleTrigger, { inputs: [[{ Year: '1999' }]] }), [{ Year: '1999' }]);
});

for (const [day, text] of [
  [1, 'March 1st'],
  [3, 'March 3rd'],
  [11, 'March 11th'],
  [22, 'March 22nd'],
  [30, 'March 30th'],
] as const) {
  test(`the readable date says ${text}`, () => {
    const [item] = scheduleTrigger.schedule?.items(Date.UTC(2024, 2, day, 12), 'UTC') ?? [];
    assert.ok(String(item?.json['Readable date']).startsWith(text));
  });
}

for (const [item, expected] of [
  [{ mode: 'everyMinute' }, '0 */1 * * * *'],
  [{ mode: 'everyHour', minute: 5 }, '0 5 * * * *'],
  [{ hour: 9, minute: 30 }, '0 30 9 * * *'],
  [{ mode: 'everyWeek', weekday: '2', hour: 9 }, '0 0 9 * * 2'],
  [{ mode: 'everyMonth', dayOfMonth: 4, hour: 9 }, '0 0 9 4 * *'],
  [{ mode: 'everyX', value: 10, unit: 'minutes' }, '0 */10 * * * *'],
  [{ mode: 'everyX', value: 3, unit: 'hours' }, '0 0 */3 * * *'],
  [{ mode: 'custom', cronExpression: '0 0 1 * *' }, '0 0 0 1 * *'],
] as const) {
  test(`the old Cron node: ${JSON.stringify(item)}`, () => {
    const parameters = { triggerTimes: { item: [{ ...item }] } };
    assert.deepEqual(
      cron.schedule?.specs(nodeOf(cron, { parameters }), 'UTC').map((spec) => spec.cron),
      [expected],
    );
  });
}

test('the old Interval node', () => {
  const parameters = { interval: 15, unit: 'minutes' };
  assert.deepEqual(
    interval.schedule?.specs(nodeOf(interval, { parameters }), 'UTC').map((spec) => spec.cron),
    ['0 */15 * * * *'],
  );
});

for (const [parameters, expected] of [
  [
    { type: 'SHA1', value: '={{ $json.t }}', dataPropertyName: 'out.h' },
    { t: 'hëllo', 'out.h': '0915c06ca46afc57ceb4001818eb40177ec94e32' },
  ],
  [
    { type: 'SHA256', value: '={{ $json.t }}', encoding: 'base64' },
    { t: 'hëllo', data: 'sPE8KKqXO5oUi5t5s6Wl1MVrlj9s8A+Q/V6YxdPnsmo=' },
  ],
  [
    { action: 'hmac', type: 'SHA256', value: '={{ $json.t }}', secret: 'key' },
    { t: 'hëllo', data: '5e9e90b2a21e89a2a05bdae079c9f746533e56b3f9bf89ad2ca13b1a4d1c2ee7' },
  ],
] as const) {
  test(`crypto ${JSON.stringify(parameters)}`, async () => {
    assert.deepEqual(await jsonsOf(crypto, { parameters: { ...parameters }, inputs: [[{ t: 'hëllo' }]] }), [expected]);
  });
}

test('a signature is one that the public key confirms', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const parameters = { action: 'sign', value: 'text', algorithm: 'RSA-SHA256', privateKey: pem };
  const [made] = await jsonsOf(crypto, { parameters });
  const signature = String((made as JsonObject)['data']);
  assert.ok(createVerify('RSA-SHA256').update('text').verify(publicKey, signature, 'hex'));
});

test('only text can be hashed; the message is Node’s own', async () => {
  const message =
    'The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)';
  await assert.rejects(async () => outputsOf(crypto, { parameters: { value: 5 } }), { message });
});

for (const [parameters, pattern] of [
  [{ action: 'generate' }, /^[0-9a-f-]{36}$/],
  [{ action: 'generate', encodingType: 'hex', stringLength: 5 }, /^[0-9a-f]{5}$/],
  [{ action: 'generate', encodingType: 'ascii', stringLength: 9 }, /^[!-~]{9}$/],
] as const) {
  test(`crypto makes ${String(pattern)}`, async () => {
    const [made] = await jsonsOf(crypto, { parameters: { ...parameters } });
    assert.match(String((made as JsonObject)['data']), pattern);
  });
}

for (const [parameters, code] of [
  [{ action: 'nope' }, 'NODE_NOT_SUPPORTED'],
  [{ action: 'sign', value: 'x', algorithm: 'RSA-SHA256', privateKey: 'none' }, 'NODE_PARAMETER_INVALID'],
  [{ type: 'MD4', value: 'x' }, 'NODE_PARAMETER_INVALID'],
  [{ action: 'generate', encodingType: 'nope' }, 'NODE_PARAMETER_INVALID'],
  [{ value: 'x', binaryData: true }, 'NODE_NOT_SUPPORTED'],
] as const) {
  test(`crypto refuses ${JSON.stringify(parameters)}`, async () => {
    await assert.rejects(async () => outputsOf(crypto, { parameters: { ...parameters } }), { code });
  });
}
