// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/** Inside the isolate: takes one run, performs the user's code, and gives back one text. */
(function () {
  'use strict';
  const { luxon, __web: web, __scene: scenes } = globalThis;
  const AsyncFunction = (async () => {}).constructor;
  const parse = JSON.parse;
  const stringify = JSON.stringify;
  const race = Promise.race.bind(Promise);
  const FIRST_BODY_LINE = 3;
  const MESSAGE_CHARACTERS = 20_000;
  let fire = () => {};
  let answer = () => {};

  /** n8n writes bigints as text and cuts circles; the plain way is tried first, it is the common and the fast one. */
  function toJson(value) {
    try {
      return stringify(value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    const above = [];
    return stringify(value, function (key, inner) {
      if (typeof inner === 'bigint') return String(inner);
      if (typeof inner !== 'object' || inner === null) return inner;
      while (above.length > 0 && above[above.length - 1] !== this) above.pop();
      if (above.includes(inner)) return '[Circular Reference]';
      above.push(inner);
      return inner;
    });
  }

  /** What went wrong, as data. The line is the one in the user's own text. */
  function describeThrown(error) {
    if (typeof error !== 'object' || error === null) return { name: 'Error', message: String(error) };
    const name = typeof error.name === 'string' ? error.name : 'Error';
    const message = typeof error.message === 'string' ? error.message : (toJson(error) ?? 'Unknown error');
    const described = { name, message: message.slice(0, MESSAGE_CHARACTERS) };
    if (typeof error.description === 'string') described.description = error.description.slice(0, MESSAGE_CHARACTERS);
    else if (name !== 'Error' && !(error instanceof scenes.ExpressionError)) described.description = name;
    const frame =
      error instanceof scenes.ExpressionError || typeof error.stack !== 'string'
        ? null
        : /<anonymous>:(\d+):\d+/.exec(error.stack);
    if (frame && Number(frame[1]) >= FIRST_BODY_LINE) described.line = Number(frame[1]) - FIRST_BODY_LINE + 1;
    return described;
  }

  /** A thrown thing may have getters and traps of its own that throw. */
  function describe(error) {
    try {
      return describeThrown(error);
    } catch {
      return { name: 'Error', message: 'Unknown error' };
    }
  }

  function makeRequire(crypto) {
    const modules = { __proto__: null, crypto, 'node:crypto': crypto, luxon };
    return (name) => {
      if (typeof name === 'string' && name in modules) return modules[name];
      throw new Error(`Module '${name}' is disallowed`);
    };
  }

  const define = (names) => {
    for (const key of Reflect.ownKeys(names)) {
      const property = Object.getOwnPropertyDescriptor(names, key);
      Object.defineProperty(globalThis, key, {
        ...property,
        configurable: true,
        enumerable: false,
        ...('value' in property ? { writable: true } : {}),
      });
    }
  };

  /** Dates are made when they are asked for: the first use of a zone costs milliseconds. */
  function clock(scene) {
    luxon.Settings.defaultZone = scene.zone;
    const now = () => luxon.DateTime.fromMillis(scene.now);
    const lazy = (key, make) =>
      Object.defineProperty(globalThis, key, {
        get: make,
        set(value) {
          Object.defineProperty(globalThis, key, { value, writable: true, configurable: true });
        },
        configurable: true,
      });
    lazy('$now', now);
    lazy('$today', () => now().startOf('day'));
  }

  /** Reads a name off the source so that what n8n defines on demand is defined on demand. */
  const mentions = (source, name) => new RegExp(`(?<!['"\\w$])${name.replace('$', '\\$')}(?!['"\\w$])`).test(source);

  async function allItems(code, state, source, dialect) {
    const first = state.items[0];
    if (mentions(source, '$json')) define({ $json: first ? first.json : undefined });
    if (mentions(source, '$binary')) define({ $binary: first ? (first.binary ?? {}) : undefined });
    if (dialect !== 'functionItem') define({ items: state.items });
    define({ $itemIndex: 0, $position: 0 });
    const value = await code.call(globalThis);
    return value === undefined ? 'null,"absent":true' : (toJson(value) ?? 'null');
  }

  async function eachItem(code, state, scene) {
    const out = [];
    for (let index = 0; index < state.items.length; index++) {
      state.index = index;
      const item = state.items[index];
      const given = scene.dialect === 'functionItem' ? item.json : item;
      define({
        item: given,
        $json: item.json,
        $binary: item.binary ?? {},
        $itemIndex: index,
        $position: index,
        $thisItem: item,
        $thisItemIndex: index,
      });
      try {
        const value = await code.call(globalThis);
        out.push(
          value === undefined ? '{"absent":true}' : `{"value":${toJson(value) ?? 'null'}${withBinary(scene, item)}}`,
        );
      } catch (error) {
        out.push(`{"error":${stringify(describe(error))}}`);
        if (!scene.continueOnFail) break;
      }
    }
    return `[${out.join(',')}]`;
  }
  const withBinary = (scene, item) =>
    scene.dialect === 'functionItem' && item.binary ? `,"binary":${toJson(item.binary)}` : '';

  /** The parts of static data that the code changed, as JSON text. */
  function changedStaticData(before, now, nodeName) {
    const changed = {};
    for (const [key, name] of [
      ['global', 'global'],
      ['node', `node:${nodeName}`],
    ]) {
      const text = toJson(now[key]);
      if (text !== before[key]) changed[name] = parse(text);
    }
    return Object.keys(changed).length > 0 ? `,"staticData":${stringify(changed)}` : '';
  }

  async function enter(mode, source, sceneText, itemsText, hostSync, hostTimer, hostAsk, hostDone) {
    const scene = parse(sceneText);
    const items = parse(itemsText);
    for (let i = 0; i < items.length; i++) items[i].pairedItem = { item: i };
    const state = { items, index: 0 };
    const lines = [];
    let rejectRun;
    const failed = new Promise((_, reject) => (rejectRun = reject));
    failed.catch(() => {});
    const host = web.hostCaller(hostSync);
    const timers = web.makeTimers(hostTimer, rejectRun);
    fire = timers.fire;
    const view = scenes.makeScene(scene, state);
    const before = { global: toJson(scene.staticData.global), node: toJson(scene.staticData.node) };
    const engine = web.makeAsk(hostAsk);
    answer = engine.answer;
    const helpers = globalThis.__helpers(state, engine.ask);
    define({
      ...timers.names,
      ...view.names,
      helpers,
      console: web.makeConsole(lines),
      require: makeRequire(web.makeCrypto(host)),
      module: { exports: {} },
    });
    if (mentions(source, 'URL') || mentions(source, 'URLSearchParams')) define(web.makeUrl(host));
    if (scene.dialect !== 'code') define(legacyNames(scene, state, view));
    clock(scene);
    for (const name of ['luxon', 'jmespath', '__bytes', '__web', '__scene', '__helpers']) delete globalThis[name];
    let outcome;
    try {
      const code = new AsyncFunction(source);
      const work =
        mode === 'runOnceForEachItem' ? eachItem(code, state, scene) : allItems(code, state, source, scene.dialect);
      outcome = `"value":${await race([work, failed])}${changedStaticData(before, view.staticData, scene.node.name)}`;
    } catch (error) {
      outcome = `"error":${stringify(describe(error))}`;
    }
    hostDone(`{${outcome},"logs":${stringify(lines)}}`);
  }

  /** Names that only the Function and Function Item nodes of old know. */
  function legacyNames(scene, state, view) {
    const item = () => state.items[state.index];
    return {
      getNodeParameter: (name, fallback) => scene.node.parameters[name] ?? fallback,
      getWorkflowStaticData: view.names.$getWorkflowStaticData,
      getBinaryData: () => item()?.binary,
      setBinaryData: (data) => void (item().binary = data),
      getBinaryDataAsync: async () => item()?.binary,
      setBinaryDataAsync: async (data) => void (item().binary = data),
    };
  }

  Object.defineProperty(globalThis, '__enter', { value: enter, configurable: true });
  Object.defineProperty(globalThis, '__answer', { value: (call, text) => answer(call, text), configurable: true });
  Object.defineProperty(globalThis, '__fire', { value: (id) => fire(id), configurable: true });
})();
