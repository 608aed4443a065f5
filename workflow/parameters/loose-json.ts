import type { JsonObject, JsonValue } from '../items.ts';
import { PARAMETER_VALUE_DEPTH } from './limits.ts';

/**
 * Reads JSON as people write it: keys without or with single quotes, trailing commas, comments, texts without quotes,
 * brackets that are not closed. Strict JSON is read as such.
 */

class Unreadable extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole text as one value; what follows it is an error. */
  document(): JsonValue {
    this.#space();
    if (this.#at >= this.#text.length) throw new Unreadable();
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw new Unreadable();
    return value;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #space(): void {
    for (;;) {
      const gap = /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)/.exec(this.#text.slice(this.#at, this.#at + 10_000))?.[0];
      if (gap === undefined) return;
      this.#at += gap.length;
    }
  }

  #value(depth: number): JsonValue {
    if (depth > PARAMETER_VALUE_DEPTH) throw new Unreadable();
    const start = this.#peek();
    if (start === '{') return this.#object(depth);
    if (start === '[') return this.#array(depth);
    if (start === '"' || start === "'") return this.#quoted(start);
    return this.#bare();
  }

  #object(depth: number): JsonObject {
    const made: JsonObject = {};
    this.#at++;
    for (this.#space(); this.#peek() !== '}' && this.#at < this.#text.length; this.#space()) {
      const key = this.#key();
      this.#space();
      if (this.#peek() !== ':') throw new Unreadable();
      this.#at++;
      this.#space();
      const value = this.#peek() === '}' || this.#peek() === ',' ? null : this.#value(depth + 1);
      Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
      this.#comma();
    }
    this.#at++;
    return made;
  }

  #array(depth: number): JsonValue[] {
    const made: JsonValue[] = [];
    this.#at++;
    for (this.#space(); this.#peek() !== ']' && this.#at < this.#text.length; this.#space()) {
      made.push(this.#value(depth + 1));
      this.#comma();
    }
    this.#at++;
    return made;
  }

  #comma(): void {
    this.#space();
    if (this.#peek() === ',') this.#at++;
  }

  #key(): string {
    const start = this.#peek();
    if (start === '"' || start === "'") return this.#quoted(start);
    const key = /^[\p{L}\p{N}_$-]{1,200}/u.exec(this.#text.slice(this.#at, this.#at + 400))?.[0];
    if (key === undefined) throw new Unreadable();
    this.#at += key.length;
    return key;
  }

  #quoted(quote: string): string {
    let text = '';
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const character = this.#peek();
      if (character === quote) {
        this.#at++;
        return text;
      }
      text += character === '\\' ? this.#escape() : character;
    }
    return text;
  }

  #escape(): string {
    this.#at++;
    const letter = this.#peek();
    if (letter === 'u') {
      const code = /^[0-9a-fA-F]{4}/.exec(this.#text.slice(this.#at + 1, this.#at + 5))?.[0];
      if (code === undefined) throw new Unreadable();
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(code, 16));
    }
    const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
    return known[letter] ?? letter;
  }

  /** true, false, null, a number, or text without quotes up to the next delimiter. */
  #bare(): JsonValue {
    const text = /^(?:(?!\/\*|\s\/\/)[^,{}[\]\n])+/.exec(this.#text.slice(this.#at))?.[0];
    if (text === undefined) throw new Unreadable();
    this.#at += text.length;
    const word = text.trim();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null' || word === 'undefined' || word === '') return null;
    return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(word) ? Number(word) : word;
  }
}

/** The value of a JSON text, repaired where it can be; undefined where it cannot. */
export function parseLooseJson(text: string): JsonValue | undefined {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text) as JsonValue;
  } catch {
    try {
      return new Reader(text).document();
    } catch (error) {
      if (error instanceof Unreadable) return undefined;
      throw error;
    }
  }
}
