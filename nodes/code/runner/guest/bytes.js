// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/** Inside the isolate: Buffer over Uint8Array, the text encodings, and base64. Faithful where workflows use it. */
(function () {
  'use strict';
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const VALUE = new Int8Array(256).fill(-1);
  for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i;
  VALUE[45] = 62; // '-' and '_' of base64url are read everywhere, as Node does
  VALUE[95] = 63;
  const CHUNK = 8192;
  const fromCharCode = String.fromCharCode;

  function utf8Bytes(text) {
    const out = new Uint8Array(text.length * 3);
    let n = 0;
    for (let i = 0; i < text.length; i++) {
      let c = text.charCodeAt(i);
      if (c >= 0xd800 && c <= 0xdfff) {
        const next = text.charCodeAt(i + 1);
        if (c <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
          c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
          i++;
        } else c = 0xfffd;
      }
      if (c < 0x80) out[n++] = c;
      else if (c < 0x800) {
        out[n++] = 0xc0 | (c >> 6);
        out[n++] = 0x80 | (c & 63);
      } else if (c < 0x10000) {
        out[n++] = 0xe0 | (c >> 12);
        out[n++] = 0x80 | ((c >> 6) & 63);
        out[n++] = 0x80 | (c & 63);
      } else {
        out[n++] = 0xf0 | (c >> 18);
        out[n++] = 0x80 | ((c >> 12) & 63);
        out[n++] = 0x80 | ((c >> 6) & 63);
        out[n++] = 0x80 | (c & 63);
      }
    }
    return out.slice(0, n);
  }

  /** Decodes by the WHATWG rule: each maximal wrong part becomes one U+FFFD. */
  function utf8Text(bytes) {
    let text = '';
    let units = [];
    const push = (c) => {
      if (c >= 0x10000) units.push(0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
      else units.push(c);
      if (units.length >= CHUNK) {
        text += fromCharCode.apply(null, units);
        units = [];
      }
    };
    for (let i = 0; i < bytes.length;) {
      const b = bytes[i++];
      if (b < 0x80) {
        push(b);
        continue;
      }
      const need = b >= 0xc2 && b <= 0xdf ? 1 : b >= 0xe0 && b <= 0xef ? 2 : b >= 0xf0 && b <= 0xf4 ? 3 : 0;
      let c = need === 1 ? b & 31 : need === 2 ? b & 15 : b & 7;
      let low = b === 0xe0 ? 0xa0 : b === 0xf0 ? 0x90 : 0x80;
      let high = b === 0xed ? 0x9f : b === 0xf4 ? 0x8f : 0xbf;
      let got = 0;
      while (got < need && i < bytes.length && bytes[i] >= low && bytes[i] <= high) {
        c = (c << 6) | (bytes[i++] & 63);
        low = 0x80;
        high = 0xbf;
        got++;
      }
      push(need > 0 && got === need ? c : 0xfffd);
    }
    return text + fromCharCode.apply(null, units);
  }

  function base64Text(bytes, url) {
    let out = '';
    for (let i = 0; i < bytes.length; i += 3) {
      const left = bytes.length - i;
      const n = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
      out += ALPHABET[n >> 18] + ALPHABET[(n >> 12) & 63];
      out += left > 1 ? ALPHABET[(n >> 6) & 63] : '=';
      out += left > 2 ? ALPHABET[n & 63] : '=';
    }
    return url ? out.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') : out;
  }

  function base64Bytes(text) {
    const out = new Uint8Array(Math.ceil((text.length * 3) / 4) + 3);
    let n = 0;
    let bits = 0;
    let held = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 61) break;
      const value = code < 256 ? VALUE[code] : -1;
      if (value < 0) continue;
      held = ((held << 6) | value) & 0xffffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out[n++] = (held >> bits) & 255;
      }
    }
    return out.slice(0, n);
  }

  function hexBytes(text) {
    const out = [];
    for (let i = 0; i + 1 < text.length; i += 2) {
      const pair = text.slice(i, i + 2);
      if (!/^[0-9a-fA-F]{2}$/.test(pair)) break;
      out.push(parseInt(pair, 16));
    }
    return Uint8Array.from(out);
  }

  const perUnit = (mask) => ({
    encode: (text) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 255),
    decode: (bytes) => {
      let text = '';
      for (const b of bytes) text += fromCharCode(b & mask);
      return text;
    },
  });
  const utf16 = {
    encode: (text) => {
      const out = new Uint8Array(text.length * 2);
      for (let i = 0; i < text.length; i++) {
        out[2 * i] = text.charCodeAt(i) & 255;
        out[2 * i + 1] = text.charCodeAt(i) >> 8;
      }
      return out;
    },
    decode: (bytes) => {
      let text = '';
      for (let i = 0; i + 1 < bytes.length; i += 2) text += fromCharCode(bytes[i] | (bytes[i + 1] << 8));
      return text;
    },
  };
  const utf8 = { encode: utf8Bytes, decode: utf8Text };
  const codecs = {
    __proto__: null,
    utf8,
    'utf-8': utf8,
    hex: { encode: hexBytes, decode: (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('') },
    base64: { encode: base64Bytes, decode: (bytes) => base64Text(bytes, false) },
    base64url: { encode: base64Bytes, decode: (bytes) => base64Text(bytes, true) },
    latin1: perUnit(255),
    binary: perUnit(255),
    ascii: perUnit(127),
    utf16le: utf16,
    'utf-16le': utf16,
    ucs2: utf16,
    'ucs-2': utf16,
  };
  function codec(name) {
    const found = codecs[name === undefined || name === null ? 'utf8' : String(name).toLowerCase()];
    if (!found) throw new TypeError(`Unknown encoding: ${name}`);
    return found;
  }

  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === 'string') return view(codec(encoding).encode(value));
      if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
      if (value && value.type === 'Buffer' && Array.isArray(value.data)) return Buffer.from(value.data);
      if (value && typeof value.length === 'number') {
        const out = new Buffer(value.length);
        for (let i = 0; i < value.length; i++) out[i] = value[i];
        return out;
      }
      if (value && typeof value.valueOf() === 'string') return Buffer.from(value.valueOf(), encoding);
      throw new TypeError(
        'The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.',
      );
    }
    static alloc(size, fill, encoding) {
      const out = new Buffer(size);
      return fill === undefined ? out : out.fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size) {
      return new Buffer(size);
    }
    static concat(list, total) {
      const bytes = total === undefined ? list.reduce((sum, part) => sum + part.length, 0) : total;
      const out = new Buffer(bytes);
      let at = 0;
      for (const part of list) {
        if (at >= bytes) break;
        const fits = part.length > bytes - at ? part.subarray(0, bytes - at) : part;
        out.set(fits, at);
        at += fits.length;
      }
      return out;
    }
    static byteLength(value, encoding) {
      return typeof value === 'string' ? codec(encoding).encode(value).length : value.byteLength;
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static isEncoding(name) {
      return typeof name === 'string' && name.toLowerCase() in codecs;
    }
    static compare(a, b) {
      for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
      return Math.sign(a.length - b.length);
    }
    toString(encoding, start, end) {
      return codec(encoding).decode(this.subarray(start || 0, end === undefined ? this.length : end));
    }
    toJSON() {
      return { type: 'Buffer', data: Array.from(this) };
    }
    equals(other) {
      return Buffer.compare(this, other) === 0;
    }
    compare(other) {
      return Buffer.compare(this, other);
    }
    slice(start, end) {
      return this.subarray(start, end);
    }
    write(text, offset, length, encoding) {
      if (typeof offset === 'string') return this.write(text, 0, undefined, offset);
      if (typeof length === 'string') return this.write(text, offset, undefined, length);
      const at = offset || 0;
      const bytes = codec(encoding)
        .encode(text)
        .subarray(0, Math.min(length ?? Infinity, this.length - at));
      this.set(bytes, at);
      return bytes.length;
    }
    copy(target, at = 0, start = 0, end = this.length) {
      const part = this.subarray(start, Math.min(end, start + target.length - at));
      target.set(part, at);
      return part.length;
    }
    fill(value, start, end, encoding) {
      if (typeof value !== 'string') return super.fill(value, start, end);
      const bytes = codec(encoding).encode(value);
      for (let i = start || 0; i < (end ?? this.length); i++)
        this[i] = bytes.length ? bytes[(i - (start || 0)) % bytes.length] : 0;
      return this;
    }
    indexOf(value, from, encoding) {
      if (typeof value === 'number') return super.indexOf(value, from);
      const bytes = typeof value === 'string' ? codec(encoding).encode(value) : value;
      for (let i = from || 0; i + bytes.length <= this.length; i++) {
        let k = 0;
        while (k < bytes.length && this[i + k] === bytes[k]) k++;
        if (k === bytes.length) return i;
      }
      return -1;
    }
    includes(value, from, encoding) {
      return this.indexOf(value, from, encoding) >= 0;
    }
  }
  function view(bytes) {
    return new Buffer(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  function numbers() {
    const kinds = [
      ['UInt8', 'Uint8', 1],
      ['Int8', 'Int8', 1],
      ['UInt16', 'Uint16', 2],
      ['Int16', 'Int16', 2],
      ['UInt32', 'Uint32', 4],
      ['Int32', 'Int32', 4],
      ['Float', 'Float32', 4],
      ['Double', 'Float64', 8],
      ['BigInt64', 'BigInt64', 8],
      ['BigUInt64', 'BigUint64', 8],
    ];
    for (const [name, method, size] of kinds) {
      for (const order of size === 1 ? [''] : ['LE', 'BE']) {
        const of = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
        const read = {
          [`read${name}${order}`](at = 0) {
            return of(this)[`get${method}`](at, order === 'LE');
          },
        };
        const write = {
          [`write${name}${order}`](value, at = 0) {
            of(this)[`set${method}`](at, value, order === 'LE');
            return at + size;
          },
        };
        for (const methods of [read, write]) {
          for (const key of Object.keys(methods)) {
            Object.defineProperty(Buffer.prototype, key, { value: methods[key], writable: true, configurable: true });
          }
        }
      }
    }
  }
  numbers();

  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }
    encode(text = '') {
      return utf8Bytes(String(text));
    }
  }
  class TextDecoder {
    constructor(label = 'utf-8') {
      this.encoding = String(label).toLowerCase() === 'utf8' ? 'utf-8' : String(label).toLowerCase();
      codec(this.encoding);
    }
    decode(input = new Uint8Array(0)) {
      const bytes =
        input instanceof ArrayBuffer
          ? new Uint8Array(input)
          : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
      const text = codec(this.encoding).decode(bytes);
      return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  }
  function btoa(text) {
    for (const c of String(text)) {
      if (c.charCodeAt(0) > 255) throw new TypeError('Invalid character');
    }
    return base64Text(codecs.latin1.encode(String(text)), false);
  }
  function atob(text) {
    const clean = String(text).replace(/[\t\n\f\r ]/g, '');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.replace(/=+$/, '').length % 4 === 1) {
      throw new TypeError('The string to be decoded is not correctly encoded.');
    }
    return codecs.latin1.decode(base64Bytes(clean));
  }
  globalThis.__bytes = { Buffer, base64Text, base64Bytes, utf8Bytes };
  for (const [name, value] of Object.entries({ Buffer, TextEncoder, TextDecoder, btoa, atob })) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
})();
