import type { JsonObject, JsonValue } from '../items.ts';

/** What n8n 2.41.1 gave for these expressions in Edit Fields: text, type of the field, value per item. */
export interface Observed {
  readonly expression: string;
  readonly type: string;
  readonly values: readonly JsonValue[];
}

const row = (expression: string, type: string, ...values: JsonValue[]): Observed => ({ expression, type, values });

/** The items of the node before. */
export const OBSERVED_ITEMS: readonly JsonObject[] = [
  {
    "name": "Ada",
    "user": {
      "name": "Ada L",
      "email": "ada@example.com",
      "first name": "Ada",
      "tags": null
    },
    "tags": [
      "vip",
      "new"
    ],
    "orders": [
      {
        "id": 1,
        "total": 10.5,
        "lines": [
          {
            "sku": "A1"
          },
          {
            "sku": "A2"
          }
        ]
      },
      {
        "id": 2,
        "total": 99,
        "lines": [
          {
            "sku": "B1"
          }
        ]
      }
    ],
    "zero": 0,
    "empty": "",
    "nul": null,
    "flag": true,
    "price": 2.5,
    "qty": 4,
    "qtyText": "3",
    "key.with.dots": "kd",
    "sp ace": "s",
    "when": "2024-05-06T07:08:09Z",
    "html": "<b>&amp;</b>"
  },
  {
    "name": "Bo",
    "user": {
      "name": "Bo",
      "email": "",
      "first name": "B"
    },
    "tags": [],
    "orders": [
      {
        "id": 3,
        "total": 1,
        "lines": [
          {
            "sku": "C1"
          }
        ]
      },
      {
        "id": 4,
        "total": 2,
        "lines": [
          {
            "sku": "D1"
          }
        ]
      }
    ],
    "zero": 5,
    "empty": "full",
    "nul": 7,
    "flag": false,
    "price": 10,
    "qty": 0,
    "qtyText": "0",
    "key.with.dots": "",
    "sp ace": "",
    "when": "2024-12-31T23:59:59-08:00",
    "html": "x < y"
  }
];

/** Expressions by subject. */
export const OBSERVED: Readonly<Record<string, readonly Observed[]>> = {
  path: [
    row("={{ $json.tags.toString() }}", 'string', "vip,new", ""),
    row("={{ $data.name }}", 'string', "Ada", "Bo"),
    row("={{ $data[\"name\"] }}", 'string', "Ada", "Bo"),
  ],
  js: [
    row("={{ [1,2,3].map(x => x * 2) }}", 'array', [2,4,6]),
    row("={{ [3,1,2].sort() }}", 'array', [1,2,3]),
    row("={{ [10,9,1].sort() }}", 'array', [1,10,9]),
    row("={{ [3,1,2].toSorted((a,b) => b - a) }}", 'array', [3,2,1]),
    row("={{ $json.orders.filter(o => o.total > 20).length }}", 'number', 1, 0),
    row("={{ $json.orders.reduce((a, o) => a + o.total, 0) }}", 'number', 109.5, 3),
    row("={{ $json.orders.find(o => o.id === 2)?.total }}", 'number', 99, null),
    row("={{ $json.orders.find(o => o.id === 99)?.total }}", 'string', null),
    row("={{ $json.tags.includes(\"vip\") }}", 'boolean', true, false),
    row("={{ $json.tags.join(\"|\") }}", 'string', "vip|new", ""),
    row("={{ [...$json.tags, \"new\"] }}", 'array', ["vip","new","new"], ["new"]),
    row("={{ ({ ...$json.user, extra: 1 }) }}", 'object', {"name":"Ada L","email":"ada@example.com","first name":"Ada","tags":null,"extra":1}, {"name":"Bo","email":"","first name":"B","extra":1}),
    row("={{ { a: 1 } }}", 'object', {"a":1}),
    row("={{ { a: 1, b: [2] } }}", 'object', {"a":1,"b":[2]}),
    row("={{ (() => { const a = 1; return a + 1; })() }}", 'number', 2),
    row("={{ (function () { return 7; })() }}", 'number', 7),
    row("={{ [1,[2,[3]]].flat(Infinity) }}", 'array', [1,2,3]),
    row("={{ Object.entries({a:1,b:2}) }}", 'array', [["a",1],["b",2]]),
    row("={{ Object.fromEntries([[\"x\",1]]) }}", 'object', {"x":1}),
    row("={{ Object.assign({}, {a:1}, {b:2}) }}", 'object', {"a":1,"b":2}),
    row("={{ Object.values($json.user) }}", 'array', ["Ada L","ada@example.com","Ada",null], ["Bo","","B"]),
    row("={{ Array.from({length: 3}, (_, i) => i * i) }}", 'array', [0,1,4]),
    row("={{ Array.isArray($json.tags) }}", 'boolean', true),
    row("={{ Array(3).fill(0) }}", 'array', [0,0,0]),
    row("={{ new Set([1,1,2]).size }}", 'number', 2),
    row("={{ [...new Set([1,1,2])] }}", 'array', [1,2]),
    row("={{ new Map([[\"a\",1]]).get(\"a\") }}", 'number', 1),
    row("={{ JSON.stringify($json.user) }}", 'string', "{\"name\":\"Ada L\",\"email\":\"ada@example.com\",\"first name\":\"Ada\",\"tags\":null}", "{\"name\":\"Bo\",\"email\":\"\",\"first name\":\"B\"}"),
    row("={{ JSON.stringify({a:[1,2]}, null, 2) }}", 'string', "{\n  \"a\": [\n    1,\n    2\n  ]\n}"),
    row("={{ JSON.parse(\"[1,2,{\\\"a\\\":null}]\") }}", 'array', [1,2,{"a":null}]),
    row("={{ Math.max(1, 5, 3) }}", 'number', 5),
    row("={{ Math.round(2.5) }}", 'number', 3),
    row("={{ Math.round(-2.5) }}", 'number', -2),
    row("={{ Math.floor(-1.5) }}", 'number', -2),
    row("={{ Math.PI.toFixed(4) }}", 'string', "3.1416"),
    row("={{ 0.1 + 0.2 }}", 'number', 0.30000000000000004),
    row("={{ (1234.5678).toFixed(2) }}", 'string', "1234.57"),
    row("={{ (1234567.891).toLocaleString() }}", 'string', "1,234,567.891"),
    row("={{ (0.256).toLocaleString(\"en-US\", {style: \"percent\"}) }}", 'string', "26%"),
    row("={{ parseInt(\"12px\") }}", 'number', 12),
    row("={{ parseFloat(\"3.14abc\") }}", 'number', 3.14),
    row("={{ Number(\"\") }}", 'number', 0),
    row("={{ Number(\"abc\") }}", 'string', "NaN"),
    row("={{ Number(null) }}", 'number', 0),
    row("={{ String(null) }}", 'string', "null"),
    row("={{ Boolean(\"false\") }}", 'boolean', true),
    row("={{ 5 / 0 }}", 'string', "Infinity"),
    row("={{ 0 / 0 }}", 'string', "NaN"),
    row("={{ undefined }}", 'string', null),
    row("={{ null }}", 'string', null),
    row("={{ true }}", 'boolean', true),
    row("={{ \"\" }}", 'string', ""),
    row("={{ \"a\" + undefined }}", 'string', "aundefined"),
    row("={{ 1 + null }}", 'number', 1),
    row("={{ encodeURIComponent(\"a b&c\") }}", 'string', "a%20b%26c"),
    row("={{ decodeURIComponent(\"a%20b\") }}", 'string', "a b"),
    row("={{ encodeURI(\"http://x.y/a b\") }}", 'string', "http://x.y/a%20b"),
    row("={{ isNaN(\"x\") }}", 'boolean', true),
    row("={{ isFinite(\"5\") }}", 'boolean', true),
    row("={{ 12345678901234567890 }}", 'number', 12345678901234567000),
    row("={{ 10n }}", 'string', "10"),
    row("={{ new Date(\"2024-01-02T03:04:05Z\").getTime() }}", 'number', 1704164645000),
    row("={{ new Date(\"2024-01-02T03:04:05Z\").toISOString() }}", 'string', "2024-01-02T03:04:05.000Z"),
    row("={{ new Date(2024, 0, 2).toISOString() }}", 'string', "2024-01-02T00:00:00.000Z"),
    row("={{ new Intl.NumberFormat(\"de-DE\").format(1234.5) }}", 'string', "1.234,5"),
    row("={{ console.log(\"x\") }}", 'string', null),
    row("={{ this }}", 'object', {"process":{},"require":{},"module":{},"Buffer":{}}),
    row("={{ globalThis }}", 'object', {}),
    row("={{ window }}", 'string', null),
    row("={{ process.env }}", 'object', {}),
    row("={{ require(\"fs\") }}", 'string', null),
    row("={{ setTimeout(() => 1, 1) }}", 'string', null),
    row("={{ fetch(\"http://x\") }}", 'string', null),
    row("={{ eval(\"1+1\") }}", 'string', null),
    row("={{ Function(\"return 1\")() }}", 'string', null),
    row("={{ 1; 2 }}", 'number', 1),
    row("={{ (() => { throw new Error(\"own\") })() }}", 'string', null),
    row("={{ 1 /* c */ + 1 }}", 'number', 2),
    row("={{ '{' + '}' }}", 'string', "{}"),
    row("={{ Buffer.from(\"a\").toString(\"hex\") }}", 'string', null),
    row("={{ Object.groupBy([1,2,3], x => x % 2 ? \"odd\" : \"even\") }}", 'object', {"odd":[1,3],"even":[2]}),
    row("={{ [1,2,3].findLast(x => x < 3) }}", 'number', 2),
    row("={{ [1,2,3].with(0, 9) }}", 'array', [9,2,3]),
  ],
  string: [
    row("={{ \"12.5\".isNumeric() }}", 'boolean', true),
    row("={{ \"1e3\".isNumeric() }}", 'boolean', true),
    row("={{ \"\".isNumeric() }}", 'boolean', false),
    row("={{ \"12px\".isNumeric() }}", 'boolean', false),
    row("={{ \"\".isEmpty() }}", 'boolean', true),
    row("={{ \" \".isEmpty() }}", 'boolean', false),
    row("={{ \"x\".isNotEmpty() }}", 'boolean', true),
    row("={{ \"abc\".hash() }}", 'string', "900150983cd24fb0d6963f7d28e17f72"),
    row("={{ \"abc\".hash(\"sha256\") }}", 'string', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    row("={{ \"abc\".hash(\"sha1\") }}", 'string', "a9993e364706816aba3e25717850c26c9cd0d89d"),
    row("={{ \"abc\".hash(\"sha3\") }}", 'string', "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"),
    row("={{ \"<b>hi</b> <i>you</i>\".removeTags() }}", 'string', "hi you"),
    row("={{ \"# T *em* [l](http://x)\".removeMarkdown() }}", 'string', "T em l"),
    row("={{ \"a b&c/é\".urlEncode() }}", 'string', "a%20b%26c%2F%C3%A9"),
    row("={{ \"a b&c/é\".urlEncode(true) }}", 'string', "a%20b&c/%C3%A9"),
    row("={{ \"a%20b%26\".urlDecode() }}", 'string', "a b&"),
    row("={{ \"1704164645\".toDateTime(\"s\").toISO() }}", 'string', "2024-01-01T22:04:05.000-05:00"),
    row("={{ \"1704164645000\".toDateTime(\"ms\").toISO() }}", 'string', "2024-01-01T22:04:05.000-05:00"),
    row("={{ \"45293\".toDateTime(\"excel\").toISO() }}", 'string', "2024-01-01T19:00:00.000-05:00"),
    row("={{ \"Tue, 02 Jan 2024 03:04:05 GMT\".toDateTime().toISO() }}", 'string', "2024-01-02T03:04:05.000Z"),
    row("={{ '{\"a\":[1]}'.parseJson() }}", 'object', {"a":[1]}),
    row("={{ \"[1,2]\".parseJson() }}", 'array', [1,2]),
    row("={{ \"text\".toJsonString() }}", 'string', "\"text\""),
    row("={{ \"abc\".length }}", 'number', 3),
  ],
  number: [
    row("={{ (3.7).floor() }}", 'number', 3),
    row("={{ (3.2).ceil() }}", 'number', 4),
    row("={{ (3.456).round(2) }}", 'number', 3.46),
    row("={{ (3.5).round() }}", 'number', 4),
    row("={{ (-3.5).round() }}", 'number', -4),
    row("={{ (2.5).round() }}", 'number', 3),
    row("={{ (1.005).round(2) }}", 'number', 1),
    row("={{ (-5).abs() }}", 'number', 5),
  ],
  array: [
    row("={{ [1,2,3].first() }}", 'number', 1),
    row("={{ [].first() }}", 'string', null),
    row("={{ [1,2,3].last() }}", 'number', 3),
    row("={{ [1,2,3].sum() }}", 'number', 6),
    row("={{ [].sum() }}", 'number', 0),
    row("={{ [1,2,4].average() }}", 'number', 2.3333333333333335),
    row("={{ [].average() }}", 'number', 0),
    row("={{ [3,1].min() }}", 'number', 1),
    row("={{ [{a:1,b:2}].pluck() }}", 'array', [{"a":1,"b":2}]),
    row("={{ [1,2,3,4,5].chunk(2) }}", 'array', [[1,2],[3,4],[5]]),
    row("={{ [{k:\"a\",v:1},{k:\"b\",v:2}].smartJoin(\"k\",\"v\") }}", 'object', {"a":1,"b":2}),
    row("={{ [{a:1},{b:2}].renameKeys(\"a\",\"z\") }}", 'array', [{"z":1},{"b":2}]),
    row("={{ [{a:1,b:2},{a:3}].renameKeys(\"a\",\"z\",\"b\",\"y\") }}", 'array', [{"z":1,"y":2},{"z":3}]),
    row("={{ [{id:1,a:1}].merge([{id:1,b:2}]) }}", 'object', {"id":1,"a":1,"b":2}),
    row("={{ [1,2].union([2,3]) }}", 'array', [1,2,3]),
    row("={{ [1,2,3].difference([2]) }}", 'array', [1,3]),
    row("={{ [1,2].randomItem() > 0 }}", 'boolean', true),
    row("={{ [1].toInt() }}", 'string', null),
    row("={{ [\"a\",\"b\"].toDateTime() }}", 'string', null),
    row("={{ [3,1,2].sort().first() }}", 'number', 1),
    row("={{ $json.tags.first() }}", 'string', "vip", null),
    row("={{ $json.orders.pluck(\"total\").sum() }}", 'number', 109.5, 3),
    row("={{ $json.orders.first().lines.last().sku }}", 'string', "A2", "C1"),
    row("={{ [1,2,3].contains(2) }}", 'string', null),
    row("={{ not(true) }}", 'boolean', false),
    row("={{ $not(0) }}", 'boolean', true),
    row("={{ $min(4,2,8) }}", 'number', 2),
    row("={{ $max() }}", 'string', "-Infinity"),
    row("={{ $average(1,2) }}", 'number', 1.5),
    row("={{ $max(1,\"5\") }}", 'number', 5),
    row("={{ $ifEmpty(\"\", \"d\") }}", 'string', "d"),
    row("={{ $ifEmpty(null, \"d\") }}", 'string', "d"),
    row("={{ $if($json.missing, \"y\", \"n\") }}", 'string', "n"),
    row("={{ toPathSegment(\"a/b c\") }}", 'string', "a%2Fb%20c"),
  ],
  object: [
    row("={{ ({}).isEmpty() }}", 'boolean', true),
    row("={{ ({a:1}).isEmpty() }}", 'boolean', false),
    row("={{ ({a:1}).isNotEmpty() }}", 'boolean', true),
    row("={{ ({a:1}).hasField(\"a\") }}", 'boolean', true),
    row("={{ ({a:1,b:2}).removeField(\"a\") }}", 'object', {"b":2}),
    row("={{ ({a:\"xa\",b:\"c\",d:1}).removeFieldsContaining(\"x\") }}", 'object', {"b":"c","d":1}),
    row("={{ ({a:\"xa\",b:\"c\",d:1}).keepFieldsContaining(\"x\") }}", 'object', {"a":"xa"}),
    row("={{ ({a:1,b:\"x y\"}).urlEncode() }}", 'string', "a=1&b=x+y"),
  ],
  date: [
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toISO() }}", 'string', "2024-02-29T07:34:56.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29').toISO() }}", 'string', "2024-02-29T00:00:00.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56+02:00').toISO() }}", 'string', "2024-02-29T05:34:56.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56+02:00', {setZone: true}).toISO() }}", 'string', "2024-02-29T12:34:56.000+02:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z') }}", 'string', "2024-02-29T07:34:56.000-05:00"),
    row("={{ [DateTime.fromISO('2024-02-29T12:34:56Z')] }}", 'array', ["2024-02-29T07:34:56.000-05:00"]),
    row("={{ 'at ' + DateTime.fromISO('2024-02-29T12:34:56Z') }}", 'string', "at 1709210096000"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').format('dd.MM.yyyy HH:mm') }}", 'string', "29.02.2024 07:34"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toFormat('cccc, LLL d') }}", 'string', "Thursday, Feb 29"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').setLocale('de').toFormat('cccc d. LLLL') }}", 'string', "Donnerstag 29. Februar"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toLocaleString(DateTime.DATE_MED) }}", 'string', "Feb 29, 2024"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').plus({days: 1}).toISODate() }}", 'string', "2024-03-01"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').plus(1, 'year').toISODate() }}", 'string', "2025-02-28"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').plus(2, 'weeks').toISODate() }}", 'string', "2024-03-14"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').minus(90, 'minutes').toISO() }}", 'string', "2024-02-29T06:04:56.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').minus({months: 1}).toISODate() }}", 'string', "2024-01-29"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').beginningOf('month').toISO() }}", 'string', "2024-02-01T00:00:00.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').beginningOf('week').toISO() }}", 'string', "2024-02-26T00:00:00.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').endOfMonth().toISO() }}", 'string', "2024-02-29T23:59:59.999-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').startOf('day').toISO() }}", 'string', "2024-02-29T00:00:00.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').endOf('quarter').toISO() }}", 'string', "2024-03-31T23:59:59.999-04:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').extract('week') }}", 'number', 9),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').extract('yearDayNumber') }}", 'number', 60),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').extract() }}", 'number', 9),
    row("={{ DateTime.fromISO('2024-02-29').diff(DateTime.fromISO('2024-01-01'),'days').days }}", 'number', 59),
    row("={{ DateTime.fromISO('2024-02-29').diff(DateTime.fromISO('2024-01-01'),['months','days']).toObject() }}", 'object', {"months":1,"days":28}),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toMillis() }}", 'number', 1709210096000),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toSeconds() }}", 'number', 1709210096),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toInt() }}", 'number', 1709210096000),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toFloat() }}", 'number', 1709210096000),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toBoolean() }}", 'string', null),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').isEmpty() }}", 'boolean', false),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toDateTime().toISO() }}", 'string', "2024-02-29T07:34:56.000-05:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').setZone('Asia/Tokyo').toISO() }}", 'string', "2024-02-29T21:34:56.000+09:00"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toUTC().toISO() }}", 'string', "2024-02-29T12:34:56.000Z"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toJSDate() }}", 'string', "\"2024-02-29T12:34:56.000Z\""),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').toObject() }}", 'object', {"year":2024,"month":2,"day":29,"hour":7,"minute":34,"second":56,"millisecond":0}),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').weekdayLong }}", 'string', "Thursday"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').zoneName }}", 'string', "America/New_York"),
    row("={{ DateTime.fromISO('2024-02-29T12:34:56Z').hasSame(DateTime.fromISO('2024-02-01'), 'month') }}", 'boolean', true),
    row("={{ $now.isValid }}", 'boolean', true),
    row("={{ $now.zoneName }}", 'string', "America/New_York"),
    row("={{ $today.hour }}", 'number', 0),
    row("={{ $today.toFormat(\"HH:mm:ss.SSS\") }}", 'string', "00:00:00.000"),
    row("={{ $today <= $now }}", 'boolean', true),
    row("={{ $now.minus({days: 1}) < $today }}", 'boolean', true),
    row("={{ $now.toISO().length }}", 'number', 29),
    row("={{ $now.diff($now.minus({hours: 2}), \"hours\").hours }}", 'number', 2),
  ],
  refs: [
    row("={{ $itemIndex }}", 'number', 0, 1),
    row("={{ $runIndex }}", 'number', 0),
    row("={{ $position }}", 'number', 0, 1),
    row("={{ $input.item.json.name }}", 'string', "Ada", "Bo"),
    row("={{ $input.first().json.name }}", 'string', "Ada"),
    row("={{ $input.last().json.name }}", 'string', "Bo"),
    row("={{ $input.all().length }}", 'number', 2),
    row("={{ $input.all().map(i => i.json.name) }}", 'array', ["Ada","Bo"]),
    row("={{ $('Data').context }}", 'object', {}),
    row("={{ $('Data').json }}", 'string', null),
    row("={{ $('Data').item.pairedItem }}", 'object', {"item":0}),
    row("={{ $('Data').item.binary }}", 'string', null),
    row("={{ $('Data').first().pairedItem }}", 'object', {"item":0}),
    row("={{ $('Mid').item.json.mid }}", 'string', "ada", "bo"),
    row("={{ $('Mid').first(0, 0).json.mid }}", 'string', "ada"),
    row("={{ $('Mid').params.assignments.assignments[0].name }}", 'string', "mid"),
    row("={{ $('Start').item.json }}", 'object', {}),
    row("={{ $('Start').first().json }}", 'object', {}),
    row("={{ $node[\"Data\"].json.name }}", 'string', "Ada", "Bo"),
    row("={{ $node.Data.json.name }}", 'string', "Ada", "Bo"),
    row("={{ $node[\"Data\"].json[\"name\"] }}", 'string', "Ada", "Bo"),
    row("={{ $node[\"Data\"].data.name }}", 'string', "Ada", "Bo"),
    row("={{ $node[\"Data\"].runIndex }}", 'number', 0),
    row("={{ $node[\"Data\"].parameter.language }}", 'string', "javaScript"),
    row("={{ $node[\"Data\"].context }}", 'object', {}),
    row("={{ $items(\"Data\").length }}", 'number', 2),
    row("={{ $items(\"Data\")[0].json.name }}", 'string', "Ada"),
    row("={{ $items().length }}", 'number', 2),
    row("={{ $items(\"Data\", 0, 0)[1].json.name }}", 'string', "Bo"),
    row("={{ $item(1).$json.name }}", 'string', "Bo"),
    row("={{ $item(1).$node[\"Data\"].json.name }}", 'string', "Bo"),
    row("={{ $prevNode.name }}", 'string', "Mid"),
    row("={{ $prevNode.outputIndex }}", 'number', 0),
    row("={{ $prevNode.runIndex }}", 'number', 0),
    row("={{ $workflow.name.slice(0, 4) }}", 'string', "expr"),
    row("={{ $workflow.active }}", 'boolean', false),
    row("={{ typeof $workflow.id }}", 'string', "string"),
    row("={{ $execution.mode }}", 'string', "test"),
    row("={{ typeof $execution.id }}", 'string', "string"),
    row("={{ $execution.resumeUrl.startsWith(\"http\") }}", 'boolean', true),
    row("={{ $execution.customData.getAll() }}", 'string', null),
    row("={{ typeof $execution.customData.set }}", 'string', "undefined"),
    row("={{ $nodeId.length }}", 'number', 36),
    row("={{ $nodeVersion }}", 'number', 3.4),
    row("={{ $parameter.mode }}", 'string', "manual"),
    row("={{ $parameter.options }}", 'object', {}),
    row("={{ $self }}", 'object', {}),
    row("={{ $env }}", 'object', {}),
  ],
  template: [
    row("plain text", 'string', "plain text"),
    row("=plain", 'string', "plain"),
    row("=Hi {{ $json.name }}!", 'string', "Hi Ada!", "Hi Bo!"),
    row("={{ $json.name }}{{ $json.zero }}", 'string', "Ada0", "Bo5"),
    row("={{ $json.name }} ", 'string', "Ada ", "Bo "),
    row("= {{ $json.zero }}", 'string', " 0", " 5"),
    row("={{ $json.zero }}", 'number', 0, 5),
    row("=x{{ $json.missing }}y", 'string', "xy"),
    row("={{ {a: 1} }}", 'object', {"a":1}),
    row("=}} {{ 1 }}", 'string', "}} 1"),
    row("=$json.name", 'string', "$json.name"),
    row("={{ `a ${ $json.name } b` }}", 'string', "a Ada b", "a Bo b"),
    row("={{ `a ${ {x: 1}.x } b` }}", 'string', "a 1 b"),
    row("={{ \"line\\nbreak\" }}", 'string', "line\nbreak"),
    row("={{ \"tab\\tq\\\"uote\" }}", 'string', "tab\tq\"uote"),
    row("={{ 'single \\' quote' }}", 'string', "single ' quote"),
    row("={{ 1 }}{{ 2 }}", 'string', "12"),
    row("={{ 1 }} {{ 2 }}", 'string', "1 2"),
    row("=a{{ 1 }}b{{ $json.missing.x }}c", 'string', "a1bc"),
    row("={{ 1 }} {{ nope }} {{ 2 }}", 'string', "1  2"),
    row("={{ $json.name }} // comment", 'string', "Ada // comment", "Bo // comment"),
    row("={{ $json.name // comment\n}}", 'string', "Ada", "Bo"),
    row("={{ /* c */ $json.name }}", 'string', "Ada", "Bo"),
    row("=={{ 1 }}", 'string', "=1"),
    row("=100% {{ 5 }}", 'string', "100% 5"),
    row("=$& {{ \"$&\" }} $1", 'string', "$& $& $1"),
    row("={{ \"a\" }} ", 'string', "a "),
    row("={{ true }}", 'boolean', true),
    row("={{ false }}x", 'string', "falsex"),
    row("={{ -0 }}", 'number', 0),
    row("=v {{ -0 }}", 'string', "v 0"),
    row("=v {{ 1e21 }}", 'string', "v 1e+21"),
    row("=v {{ 0.1+0.2 }}", 'string', "v 0.30000000000000004"),
  ],
};

/** Expressions that stop the run, with n8n's message. */
export const OBSERVED_FAILURES: readonly (readonly [expression: string, message: string])[] = [
  [
    "={{ (x => x) }}",
    "Expression evaluation failed: x => x could not be cloned."
  ],
  [
    "={{ ({}).__proto__ }}",
    "Cannot access \"__proto__\" due to security concerns"
  ],
  [
    "={{ {{ 1 }} }}",
    "invalid syntax"
  ],
  [
    "={{ \"1,234.5\".toFloat() }}",
    "cannot convert to float, expected . as decimal separator"
  ],
  [
    "={{ \"abc\".toNumber() }}",
    "cannot convert to number"
  ],
  [
    "={{ '{bad'.parseJson() }}",
    "Parsing failed"
  ],
  [
    "={{ \"abc\".reverse() }}",
    "reverse() is only callable on type \"Array\""
  ],
  [
    "={{ [1,\"2\",3].sum() }}",
    "sum(): all array elements must be numbers"
  ],
  [
    "={{ [{a:1},{b:2}].mergeIntoObject() }}",
    "mergeIntoObject(): expected array arg, e.g. .mergeIntoObject([{ id: 1, otherValue: 3 }])"
  ],
  [
    "={{ $if() }}",
    "invalid syntax"
  ],
  [
    "={{ $ifEmpty(\"x\") }}",
    "expected two arguments (value, defaultValue) for this function"
  ],
  [
    "={{ ({a:{b:1}}).hasField(\"a.b\") }}",
    "invalid syntax"
  ],
  [
    "={{ ({a:1}).merge({b:2}) }}",
    "merge() is only callable on type \"Array\""
  ],
  [
    "={{ $json.nul.toJsonString() }}",
    "toJsonString can't be used on null value"
  ],
  [
    "={{ $('Data').itemMatching(9) }}",
    "Can’t get data for expression"
  ],
  [
    "={{ $evaluateExpression(\"{{ 1 + 1 }}\") }}",
    "invalid syntax"
  ],
  [
    "={{ $(\"Nope\").item.json.a }}",
    "Referenced node doesn't exist"
  ],
  [
    "={{ $(\"Unlinked\").item.json.a }}",
    "Invalid expression"
  ],
  [
    "={{ $node[\"Later\"].json.a }}",
    "Node 'Later' hasn't been executed"
  ],
  [
    "={{ 1 + }}",
    "invalid syntax"
  ],
  [
    "={{ ( }}",
    "invalid syntax"
  ],
  [
    "={{ \"unterminated }}",
    "invalid syntax"
  ],
  [
    "={{ [1,2 }}",
    "invalid syntax"
  ],
  [
    "={{ @ }}",
    "invalid syntax"
  ],
  [
    "={{ class A {} }}",
    "invalid syntax"
  ],
  [
    "={{ 1 }",
    "invalid syntax"
  ],
  [
    "={{{ 1 }}}",
    "invalid syntax"
  ],
  [
    "={{}}",
    "invalid syntax"
  ],
  [
    "=a {{ }} b",
    "invalid syntax"
  ]
];
