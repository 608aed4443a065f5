// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/** Inside the isolate: URL, URLSearchParams, timers, console and the modules that `require` hands out. */
(function () {
  'use strict';
  const { Buffer, base64Text, base64Bytes } = globalThis.__bytes;
  const parse = JSON.parse;
  const stringify = JSON.stringify;
  const LOG_LINES = 100;
  const LOG_CHARACTERS = 2_000;

  /** Calls the runner's table; its errors come back as TypeError, as Node's do. */
  function hostCaller(sync) {
    return (name, argument = {}) => {
      const answer = parse(sync(name, stringify(argument)));
      if ('error' in answer) throw new TypeError(answer.error);
      return answer.ok;
    };
  }

  function makeUrl(host) {
    class URLSearchParams {
      #pairs = [];
      #changed;
      constructor(init = '', changed) {
        this.#changed = changed;
        if (typeof init === 'string') this.#read(init);
        else if (init && typeof init[Symbol.iterator] === 'function')
          for (const [k, v] of init) this.#pairs.push([String(k), String(v)]);
        else for (const k of Object.keys(init || {})) this.#pairs.push([k, String(init[k])]);
      }
      #read(text) {
        const decode = (part) => {
          const spaced = part.replace(/\+/g, ' ');
          try {
            return decodeURIComponent(spaced);
          } catch {
            return spaced;
          }
        };
        for (const part of text.replace(/^\?/, '').split('&')) {
          if (part === '') continue;
          const at = part.indexOf('=');
          this.#pairs.push(at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
        }
      }
      #set(pairs) {
        this.#pairs = pairs;
        if (this.#changed) this.#changed(this.toString());
      }
      append(k, v) {
        this.#set([...this.#pairs, [String(k), String(v)]]);
      }
      delete(k) {
        this.#set(this.#pairs.filter(([key]) => key !== String(k)));
      }
      get(k) {
        const pair = this.#pairs.find(([key]) => key === String(k));
        return pair ? pair[1] : null;
      }
      getAll(k) {
        return this.#pairs.filter(([key]) => key === String(k)).map(([, v]) => v);
      }
      has(k) {
        return this.#pairs.some(([key]) => key === String(k));
      }
      set(k, v) {
        const at = this.#pairs.findIndex(([key]) => key === String(k));
        if (at < 0) return this.append(k, v);
        this.#set(
          this.#pairs.flatMap((pair, i) => (i === at ? [[String(k), String(v)]] : pair[0] === String(k) ? [] : [pair])),
        );
      }
      sort() {
        this.#set([...this.#pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
      }
      forEach(callback, self) {
        for (const [k, v] of this.#pairs) callback.call(self, v, k, this);
      }
      *entries() {
        for (const [k, v] of this.#pairs) yield [k, v];
      }
      *keys() {
        for (const [k] of this.#pairs) yield k;
      }
      *values() {
        for (const [, v] of this.#pairs) yield v;
      }
      [Symbol.iterator]() {
        return this.entries();
      }
      get size() {
        return this.#pairs.length;
      }
      toString() {
        const encode = (text) =>
          encodeURIComponent(text)
            .replace(/%20/g, '+')
            .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
        return this.#pairs.map(([k, v]) => `${encode(k)}=${encode(v)}`).join('&');
      }
    }
    const searchOf = (url, text) => new URLSearchParams(text, (changed) => url.__search(changed));
    class URL {
      #parts;
      #search;
      constructor(text, base) {
        try {
          this.#parts = host('url', { text: String(text), ...(base === undefined ? {} : { base: String(base) }) });
        } catch {
          throw new TypeError('Invalid URL');
        }
        Object.defineProperty(this, '__search', {
          value: (query) => this.#set('search', query, true),
          enumerable: false,
        });
      }
      #set(key, value, keepSearch) {
        this.#parts = host('url', { text: this.#parts.href, set: { key, value: String(value) } });
        if (!keepSearch) this.#search = undefined;
      }
      static canParse(text, base) {
        try {
          return Boolean(new URL(text, base));
        } catch {
          return false;
        }
      }
      get searchParams() {
        return (this.#search ??= searchOf(this, this.#parts.search));
      }
      toString() {
        return this.#parts.href;
      }
      toJSON() {
        return this.#parts.href;
      }
      static __define(key) {
        Object.defineProperty(URL.prototype, key, {
          get() {
            return this.#parts[key];
          },
          set(value) {
            if (key !== 'origin') this.#set(key, value);
          },
          enumerable: true,
          configurable: true,
        });
      }
    }
    for (const key of [
      'href',
      'origin',
      'protocol',
      'username',
      'password',
      'host',
      'hostname',
      'port',
      'pathname',
      'search',
      'hash',
    ]) {
      URL.__define(key);
    }
    delete URL.__define;
    return { URL, URLSearchParams };
  }

  function makeCrypto(host) {
    const bytes = (value, encoding) => (typeof value === 'string' ? Buffer.from(value, encoding) : Buffer.from(value));
    const encoded = (base64, encoding) => {
      const result = Buffer.from(base64Bytes(base64));
      return encoding ? result.toString(encoding) : result;
    };
    const digest = (run) => {
      const parts = [];
      return {
        update(value, encoding) {
          parts.push(bytes(value, encoding));
          return this;
        },
        digest: (encoding) => encoded(run(base64Text(Buffer.concat(parts), false)), encoding),
      };
    };
    return {
      createHash: (algorithm) => digest((data) => host('hash', { algorithm: String(algorithm), data })),
      createHmac: (algorithm, key) =>
        digest((data) => host('hmac', { algorithm: String(algorithm), key: base64Text(bytes(key), false), data })),
      getHashes: () => host('hashes'),
      randomUUID: () => host('uuid'),
      randomBytes: (count) => encoded(host('random', { bytes: count })),
      randomInt: (low, high) => {
        const [from, to] = high === undefined ? [0, low] : [low, high];
        return from + (encoded(host('random', { bytes: 6 })).readUInt32BE(0) % (to - from));
      },
      timingSafeEqual: (a, b) => {
        if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length');
        let differs = 0;
        for (let i = 0; i < a.length; i++) differs |= a[i] ^ b[i];
        return differs === 0;
      },
    };
  }

  function makeConsole(lines) {
    const show = (value) => {
      if (typeof value === 'string') return value;
      if (value instanceof Error) return String(value.stack || value);
      try {
        return stringify(value) ?? String(value);
      } catch {
        return String(value);
      }
    };
    const log = (...values) => {
      if (lines.length < LOG_LINES) lines.push(values.map(show).join(' ').slice(0, LOG_CHARACTERS));
    };
    return {
      log,
      info: log,
      warn: log,
      error: log,
      debug: log,
      trace: log,
      dir: log,
      table: log,
      time() {},
      timeEnd() {},
      assert() {},
      group: log,
      groupEnd() {},
    };
  }

  /** Timers live in the runner; here are only their callbacks. */
  function makeTimers(setInHost, failed) {
    const waiting = new Map();
    let last = 0;
    const start = (callback, ms, args, every) => {
      if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function.');
      const id = ++last;
      waiting.set(id, { callback, args, ...(every ? { ms } : {}) });
      if (!setInHost(id, Number(ms) > 0 ? Number(ms) : 0)) throw new RangeError('Too many timers');
      return id;
    };
    const stop = (id) => {
      if (waiting.delete(id)) setInHost(id, -1);
    };
    const fire = (id) => {
      const timer = waiting.get(id);
      if (!timer) return;
      if (timer.ms === undefined) waiting.delete(id);
      else setInHost(id, Math.max(1, timer.ms));
      try {
        timer.callback(...timer.args);
      } catch (error) {
        failed(error);
      }
    };
    return {
      fire,
      names: {
        setTimeout: (callback, ms, ...args) => start(callback, ms, args, false),
        setInterval: (callback, ms, ...args) => start(callback, Math.max(1, Number(ms) || 1), args, true),
        setImmediate: (callback, ...args) => start(callback, 0, args, false),
        clearTimeout: stop,
        clearInterval: stop,
        clearImmediate: stop,
        queueMicrotask: (callback) => void Promise.resolve().then(callback).catch(failed),
      },
    };
  }

  /** Questions to the engine: they leave with a number, the answer comes back to it. */
  function makeAsk(hostAsk) {
    const open = new Map();
    let last = 0;
    return {
      ask: (name, argument) =>
        new Promise((resolve) => {
          const call = ++last;
          open.set(call, resolve);
          if (hostAsk(call, name, stringify(argument) ?? 'null')) return;
          open.delete(call);
          resolve({ error: { message: 'Too many calls at the same time' } });
        }),
      answer: (call, text) => {
        open.get(call)?.(parse(text));
        open.delete(call);
      },
    };
  }

  globalThis.__web = { hostCaller, makeUrl, makeCrypto, makeConsole, makeTimers, makeAsk };
})();
