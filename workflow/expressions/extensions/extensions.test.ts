import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DateTime } from 'luxon';
import { codeOf, valueOf } from '../test-support.ts';
import { EXTENSION_TABLES } from './index.ts';

process.env['TZ'] = 'UTC';

/** Value of a call, or STOPS when it stops the run as EXPRESSION_FUNCTION. */
const STOPS = Symbol('stops');

const GRID: Record<string, [code: string, value: unknown][]> = {
  String: [
    ['"héllo".base64Encode()', 'aMOpbGxv'],
    ['"aMOpbGxv".base64Decode()', 'héllo'],
    ['"%%%".base64Decode()', STOPS],
    ['"see https://a.example.org:80/x?y".extractDomain()', 'a.example.org'],
    ['"mail a.b@c.example, now".extractDomain()', 'c.example'],
    ['"none".extractDomain()', undefined],
    ['"write to <a.b@c.example>!".extractEmail()', 'a.b@c.example'],
    ['"no mail".extractEmail()', undefined],
    ['"go to https://a.example/b.".extractUrl()', 'https://a.example/b'],
    ['"https://a.example/b/c?d#e".extractUrlPath()', '/b/c'],
    ['"x".extractUrlPath()', undefined],
    ['"abc".hash()', '900150983cd24fb0d6963f7d28e17f72'],
    ['"abc".hash("sha1")', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['"abc".hash("crc")', STOPS],
    [
      '["a.example".isDomain(), "a".isDomain(), "a..b".isDomain(), "-a.example".isDomain()]',
      [true, false, false, false],
    ],
    ['["a@b.example".isEmail(), "a@b".isEmail(), "@b.example".isEmail()]', [true, false, false]],
    ['["https://a.b".isUrl(), "a.b".isUrl(), "http://a b".isUrl()]', [true, false, false]],
    ['["".isEmpty(), " ".isEmpty(), "".isNotEmpty(), "a".isNotEmpty()]', [true, false, false, true]],
    [
      '["1".isNumeric(), "1e3".isNumeric(), "".isNumeric(), " ".isNumeric(), "1a".isNumeric()]',
      [true, true, false, false, false],
    ],
    ['`{"a": [1]}`.parseJson()', { a: [1] }],
    ['"{a}".parseJson()', STOPS],
    ['"a".quote()', '"a"'],
    ['"it\'s".quote("\'")', "'it\\'s'"],
    ['"# T\\n**b** _i_ `c` [l](u) > q".removeMarkdown()', 'T\nb i c l > q'],
    ['"<p>a<br/>b</p> 1 < 2".removeTags()', 'ab 1 < 2'],
    ['"Crème Brûlée ß".replaceSpecialChars()', 'Creme Brulee ss'],
    [
      '["true".toBoolean(), "off".toBoolean(), "0".toBoolean(), "No".toBoolean(), "".toBoolean(), "x".toBoolean()]',
      [true, false, false, false, false, true],
    ],
    ['"hello big_world".toCamelCase()', 'helloBigWorld'],
    ['"helloWorld foo-bar".toSnakeCase()', 'hello_world_foo_bar'],
    ['"helloWorld foo".toKebabCase()', 'hello-world-foo'],
    ['"hELLO wORLD. again".toSentenceCase()', 'Hello world. Again'],
    ['"hello wORLD".toTitleCase()', 'Hello World'],
    ['"2024-01-02T03:04:05Z".toDateTime().toISO()', '2024-01-02T03:04:05.000Z'],
    ['"2024-01-02".toDateTime().toISO()', '2024-01-02T00:00:00.000-05:00'],
    ['"02/01/2024".toDateTime("dd/MM/yyyy").toISODate()', '2024-01-02'],
    ['"1704164645".toDateTime("s").toMillis()', 1_704_164_645_000],
    ['"soon".toDateTime()', STOPS],
    ['"2024-01-02T00:00:00Z".toDate().getTime()', 1_704_153_600_000],
    ['"x".toDate()', STOPS],
    ['"12.5px".toFloat()', 12.5],
    ['"1,5".toFloat()', STOPS],
    ['"12.9".toInt()', 12],
    ['"ff".toInt(16)', 255],
    ['"x".toInt()', STOPS],
    ['"12.5".toNumber()', 12.5],
    ['"".toNumber()', STOPS],
    ['"a\\"b".toJsonString()', '"a\\"b"'],
    ['"a b".urlEncode() + "a%20b".urlDecode()', 'a%20ba b'],
    ['"http://a/b c".urlEncode(true)', 'http://a/b%20c'],
    ['"%".urlDecode()', STOPS],
  ],
  Number: [
    ['[(-1.5).abs(), (1.2).ceil(), (-1.2).floor()]', [1.5, 2, -2]],
    ['[(2.5).round(), (-3.5).round(), (1.255).round(1)]', [3, -4, 1.3]],
    ['[(2).isEven(), (3).isEven(), (3).isOdd(), (-3).isOdd()]', [true, false, true, true]],
    ['(1.5).isEven()', STOPS],
    ['(NaN).isOdd()', STOPS],
    ['[(1).isInteger(), (1.5).isInteger()]', [true, false]],
    ['(1234.5).format()', '1,234.5'],
    ['(0.5).format("de-DE", { style: "percent" })', '50\u00a0%'],
    ['[(0).toBoolean(), (2).toBoolean()]', [false, true]],
    ['(3.9).toInt()', 4],
    ['(0).toDateTime().toISO()', '1969-12-31T19:00:00.000-05:00'],
    ['(45293).toDateTime("excel").toUTC().toISODate()', '2024-01-02'],
    ['(1000000).toDateTime("us").toMillis()', 1000],
    ['(1).toDateTime("weeks")', STOPS],
    ['(0).isEmpty()', false],
    ['(10).random()', 5],
  ],
  Array: [
    ['[1].append(2, [3])', [1, 2, [3]]],
    ['[[1, 2, 4].average(), [].average()]', [7 / 3, 0]],
    ['[1, "2"].average()', STOPS],
    ['[1, 2, 3].chunk(2)', [[1, 2], [3]]],
    ['[1].chunk(0)', STOPS],
    ['[1].chunk()', STOPS],
    ['[0, null, "", undefined, {}, "a", "nil"].compact()', [0, 'a']],
    ['[1, { a: 1 }, [2]].difference([{ a: 1 }, [2]])', [1]],
    ['[1].difference(1)', STOPS],
    ['[[1, 2].first(), [].first(), [1, 2].last()]', [1, undefined, 2]],
    ['[1, 2, 2].intersection([2, 3])', [2]],
    ['[[].isEmpty(), [1].isNotEmpty()]', [true, true]],
    ['[[1, 3].max(), [1, 3].min(), [1, 3].sum()]', [3, 1, 4]],
    ['["1"].sum()', STOPS],
    ['[{ a: 1 }, { a: 2, b: 3 }].merge([{ c: 4 }])', { a: 1, b: 3, c: 4 }],
    ['[{ a: 1 }].merge()', STOPS],
    ['[{ a: 1, b: 2 }, { a: 3 }, 4].pluck("a")', [1, 3]],
    ['[{ a: 1, b: 2 }].pluck("a", "b")', [[1, 2]]],
    ['[1, 2].randomItem()', 2],
    ['[1, 1, { a: 1 }, { a: 1 }, "1"].removeDuplicates()', [1, { a: 1 }, '1']],
    ['[{ a: 1, b: 1 }, { a: 1, b: 2 }].unique("a")', [{ a: 1, b: 1 }]],
    ['[1].unique(1)', STOPS],
    ['[{ a: 1 }].renameKeys("a", "b")', [{ b: 1 }]],
    ['[{ a: 1 }].renameKeys("a")', STOPS],
    ['[1, 2].reverse()', [2, 1]],
    ['[{ k: "x", v: 1 }, { k: "y" }].smartJoin("k", "v")', { x: 1 }],
    ['[1].smartJoin("k")', STOPS],
    ['[1, { a: null }].toJsonString()', '[1,{"a":null}]'],
    ['[1, 2].union([2, [3]])', [1, 2, [3]]],
    ['[1].toInt()', undefined],
    ['["a"].toDateTime()', undefined],
  ],
  Object: [
    ['({ a: 1, b: null, c: "", d: { e: undefined } }).compact()', { a: 1, d: {} }],
    ['({ a: undefined }).hasField("a") && !({}).hasField("toString")', true],
    ['[({}).isEmpty(), ({ a: 1 }).isEmpty(), ({}).isNotEmpty()]', [true, false, false]],
    ['({ a: "xy", b: "z", c: 1 }).keepFieldsContaining("x")', { a: 'xy' }],
    ['({}).keepFieldsContaining("")', STOPS],
    ['({ a: "xy", b: "z", c: 1 }).removeFieldsContaining("x")', { b: 'z', c: 1 }],
    ['({}).removeFieldsContaining(1)', STOPS],
    ['({ a: 1, b: 2 }).removeField("a")', { b: 2 }],
    ['[({ a: 1 }).keys(), ({ a: 1 }).values()]', [['a'], [1]]],
    ['({ keys: () => 9 }).keys()', ['keys']],
    ['({ f: () => 9 }).f()', 9],
    ['({ a: [1] }).toJsonString()', '{"a":[1]}'],
    ['({ a: "x y", b: [1, 2] }).urlEncode()', 'a=x+y&b=1%2C2'],
    ['({ a: 1 }).toBoolean()', undefined],
  ],
  Boolean: [
    ['[true.toInt(), false.toNumber(), true.toBoolean()]', [1, 0, true]],
    ['[true.isEmpty(), false.isNotEmpty()]', [false, true]],
    ['true.toJsonString()', 'true'],
    ['true.toDateTime()', undefined],
  ],
  Date: [
    ['D.beginningOf("month").toISODate()', '2024-02-01'],
    ['D.beginningOf().toISODate()', '2024-02-26'],
    ['D.beginningOf("eon")', STOPS],
    ['new Date("2024-02-29T12:00:00Z").beginningOf("hour").getTime()', Date.UTC(2024, 1, 29, 12)],
    ['D.diffTo("2024-02-28T12:34:56Z", "hours")', 24],
    ['D.diffTo("2024-02-28T11:34:56Z", ["days", "hours"])', { days: 1, hours: 1 }],
    ['D.diffTo("2024-02-28T12:34:56Z")', 1],
    ['D.diffTo("x")', STOPS],
    ['D.diffTo(D, "eons")', STOPS],
    ['$now.minus({ hours: 3 }).diffToNow("hours")', 3],
    ['D.endOfMonth().toISO()', '2024-02-29T23:59:59.999-05:00'],
    ['[D.extract("week"), D.extract("yearDayNumber"), D.extract("hours"), D.extract()]', [9, 60, 7, 9]],
    ['D.extract("eon")', STOPS],
    ['D.format("dd.MM.yyyy HH:mm")', '29.02.2024 07:34'],
    ['new Date(0).format("yyyy")', '1969'],
    ['[D.isBetween("2024-02-28", "2024-03-01"), D.isBetween("2024-03-01", "2024-03-02")]', [true, false]],
    ['D.isBetween("2024-03-01")', STOPS],
    ['[D.isDst(), D.isWeekend(), DateTime.fromISO("2024-07-06").isWeekend()]', [false, false, true]],
    ['[$now.minus(5, "minutes").isInLast(10, "minutes"), $now.minus(1, "hour").isInLast(10)]', [true, false]],
    ['D.isInLast(1, "eon")', STOPS],
    ['D.plus(1, "year").toISODate()', '2025-02-28'],
    ['D.plus({ days: 1 }).toISODate()', '2024-03-01'],
    ['D.minus(90, "minutes").toISOTime()', '06:04:56.000-05:00'],
    ['D.plus(1, "eon")', STOPS],
    ['new Date(0).plus(1, "day").toISOString()', '1970-01-02T00:00:00.000Z'],
    [
      '[D.toInt(), D.toNumber(), D.toFloat(), D.toBoolean()]',
      [1_709_210_096_000, 1_709_210_096_000, 1_709_210_096_000, undefined],
    ],
    ['new Date(0).toDateTime().toISO()', '1969-12-31T19:00:00.000-05:00'],
    ['[D.isEmpty(), D.isNotEmpty()]', [false, true]],
  ],
  'names that a type does not have': [
    ['"abc".sum()', STOPS],
    ['({ a: 1 }).merge({ b: 2 })', STOPS],
    ['(1).toTitleCase()', STOPS],
    ['$json.missing.toJsonString()', STOPS],
    ['null.first()', STOPS],
    ['$json.missing?.toJsonString()', undefined],
    ['"abc".contains("a")', undefined],
  ],
};

const D = "DateTime.fromISO('2024-02-29T12:34:56Z')";

for (const [type, rows] of Object.entries(GRID)) {
  describe(`n8n functions: ${type}`, () => {
    for (const [code, value] of rows) {
      it(code, () => {
        const full = code.replace(/\bD\b/g, D);
        if (value === STOPS) return assert.equal(codeOf(full), 'EXPRESSION_FUNCTION');
        return assert.deepEqual(valueOf(full), value);
      });
    }
  });
}

describe('every n8n function of every type', () => {
  const values: Record<string, string> = {
    Array: '[1, 2]',
    Boolean: 'true',
    Date: '$now',
    Number: '(5)',
    Object: '({ a: "b" })',
    String: '"text"',
  };
  for (const [type, table] of EXTENSION_TABLES) {
    it(`${type}: answers or stops with a code on odd arguments`, () => {
      for (const name of table.keys()) {
        for (const args of [
          '',
          'null',
          '"x"',
          '-1',
          '[]',
          '({})',
          '(x => x)',
          'NaN, NaN, NaN',
          '"day", "day"',
          '$json, $json',
        ]) {
          assert.match(codeOf(`${values[type]}.${name}(${args})`), /^(value: |EXPRESSION_)/);
        }
      }
    });
    it(`${type}: gives its own copy, not the value it was called on`, () => {
      const scene = { a: [1, { b: 2 }] };
      assert.deepEqual(
        valueOf('(() => { const c = $json.a.append(3); c[1].b = 9; c.push(4); return $json.a })()', scene)?.toString(),
        '1,[object Object]',
      );
      assert.deepEqual(scene, { a: [1, { b: 2 }] });
    });
  }
});

describe('dates without zone are in the zone of the workflow', () => {
  it('fromISO', () =>
    assert.equal(valueOf('DateTime.fromISO("2024-07-01T12:00").toISO()'), '2024-07-01T12:00:00.000-04:00'));
  it('local', () => assert.equal(valueOf('DateTime.local(2024, 7, 1).zoneName'), 'America/New_York'));
  it('utc', () => assert.equal(valueOf('DateTime.utc(2024, 7, 1).toISO()'), '2024-07-01T00:00:00.000Z'));
  it('fromFormat', () => assert.equal(valueOf('DateTime.fromFormat("1.7.2024", "d.M.yyyy").offset'), -240));
  it('fromObject', () =>
    assert.equal(valueOf('DateTime.fromObject({ year: 2024 }).toISO()'), '2024-01-01T00:00:00.000-05:00'));
  it('an option wins', () =>
    assert.equal(valueOf('DateTime.fromISO("2024-07-01", { zone: "Asia/Tokyo" }).offset'), 540));
  it('$now and $today', () => {
    assert.equal(valueOf('$now.toISO()'), '2025-06-15T08:00:00.000-04:00');
    assert.equal(valueOf('$today.toISO()'), '2025-06-15T00:00:00.000-04:00');
  });
  it('the process clock and zone are not asked', () => {
    assert.equal(valueOf('DateTime.now().diffNow().toMillis()'), 0);
    assert.equal(valueOf('$now.minus({ days: 1 }).toRelative()'), '1 day ago');
    assert.equal(valueOf('$now.setZone("utc").toLocal().zoneName'), 'America/New_York');
  });
  it('gives luxon values out', () => assert.ok(valueOf('$now') instanceof DateTime));
});
