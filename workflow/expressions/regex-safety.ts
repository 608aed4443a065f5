/**
 * Says what a regular expression can cost on the backtracking engine before it is built. Character sets are bit
 * masks over ASCII with one more bit for everything else, so "can these two meet" is one AND.
 *
 * Refused: back references, a repeated group whose inside varies in length or whose alternatives can start alike
 * (exponential). What remains is polynomial; `degree` is the exponent, which bounds the text it may run on.
 */

export type Verdict =
  | { readonly safe: true; readonly degree: number }
  | { readonly safe: false; readonly reason: string };

const OTHER = 1n << 128n;
const ALL = (1n << 129n) - 1n;

function range(from: number, to: number): bigint {
  let mask = 0n;
  for (let i = from; i <= Math.min(to, 127); i++) mask |= 1n << BigInt(i);
  return to > 127 ? mask | OTHER : mask;
}

const DIGIT = range(48, 57);
const WORD = DIGIT | range(65, 90) | range(97, 122) | range(95, 95);
const SPACE = range(9, 13) | range(32, 32) | OTHER;
const CLASSES: Readonly<Record<string, bigint>> = {
  d: DIGIT,
  D: ALL & ~DIGIT,
  w: WORD,
  W: (ALL & ~WORD) | OTHER,
  s: SPACE,
  S: (ALL & ~SPACE) | OTHER,
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 };

/** What a piece of a pattern matches. */
interface Piece {
  /** Characters it may contain. */
  readonly set: bigint;
  /** Characters it may begin with. */
  readonly first: bigint;
  readonly nullable: boolean;
  /** Its length varies. */
  readonly varies: boolean;
  /** It may be repeated without going wild: a fixed character that occurs nowhere else in it starts or ends it. */
  readonly delimited: boolean;
  /** Its alternatives can start with the same character. */
  readonly ambiguous: boolean;
  readonly degree: number;
}

const EMPTY: Piece = {
  set: 0n,
  first: 0n,
  nullable: true,
  varies: false,
  delimited: false,
  ambiguous: false,
  degree: 0,
};

class Unsafe extends Error {}

class Reader {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  /** alternatives = sequence { "|" sequence } */
  alternatives(): Piece {
    if (++this.#depth > 20) throw new Unsafe('groups are nested too deeply');
    const all = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      all.push(this.#sequence());
    }
    this.#depth--;
    const [only] = all;
    return all.length === 1 && only !== undefined ? only : union(all);
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) pieces.push(this.#term());
    return concat(pieces);
  }

  #term(): Piece {
    const atom = this.#atom();
    const quantifier = this.#quantifier();
    return quantifier === undefined ? atom : repeat(atom, quantifier.min, quantifier.max);
  }

  #quantifier(): { min: number; max: number } | undefined {
    const rest = this.#source.slice(this.#at, this.#at + 24);
    const match = /^(?:[*+?]|\{(\d{1,6})(,(\d{0,6}))?\})\??/.exec(rest);
    if (match === null) return undefined;
    this.#at += match[0].length;
    const sign = match[0][0];
    if (sign === '*') return { min: 0, max: Infinity };
    if (sign === '+') return { min: 1, max: Infinity };
    if (sign === '?') return { min: 0, max: 1 };
    const min = Number(match[1]);
    if (match[2] === undefined) return { min, max: min };
    return { min, max: match[3] === '' || match[3] === undefined ? Infinity : Number(match[3]) };
  }

  #atom(): Piece {
    const character = this.#source.charAt(this.#at++);
    if (character === '(') return this.#group();
    if (character === '[') return this.#one(this.#bracket());
    if (character === '\\') return this.#escape();
    if (character === '.') return this.#one(ALL & ~range(10, 10) & ~range(13, 13));
    if (character === '^' || character === '$') return EMPTY;
    return this.#one(this.#character(character));
  }

  #group(): Piece {
    const look = /^\?(?:[:=!]|<[=!]|<[A-Za-z_$][\w$]*>|[a-z]*(?:-[a-z]+)?:)/.exec(
      this.#source.slice(this.#at, this.#at + 80),
    );
    if (look !== null) this.#at += look[0].length;
    const inside = this.alternatives();
    if (this.#source[this.#at] === ')') this.#at++;
    const assertion = look !== null && /[=!]$/.test(look[0]);
    return assertion ? { ...EMPTY, degree: inside.degree } : inside;
  }

  #escape(): Piece {
    const letter = this.#source.charAt(this.#at++);
    if (/[1-9]/.test(letter) || letter === 'k') throw new Unsafe('it refers back to a group');
    if (letter === 'b' || letter === 'B') return EMPTY;
    return this.#one(this.#escaped(letter));
  }

  #escaped(letter: string): bigint {
    const known = CLASSES[letter];
    if (known !== undefined) return known;
    if (letter === 'p' || letter === 'P') {
      this.#skip(/^\{[^}]*\}/);
      return ALL;
    }
    if (letter === 'x' || letter === 'u') {
      const hex = this.#skip(letter === 'x' ? /^[0-9a-fA-F]{2}/ : /^(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})/);
      return hex === undefined ? this.#character(letter) : this.#code(Number.parseInt(hex.replace(/[{}]/g, ''), 16));
    }
    if (letter === 'c') return this.#skip(/^[A-Za-z]/) === undefined ? ALL : range(0, 31);
    const control = CONTROLS[letter];
    return control === undefined ? this.#character(letter) : range(control, control);
  }

  #skip(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.#source.slice(this.#at, this.#at + 64))?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** The set of a `[…]`; a range is widened to all when one of its ends is a class. */
  #bracket(): bigint {
    const negated = this.#source[this.#at] === '^';
    if (negated) this.#at++;
    let set = 0n;
    while (this.#at < this.#source.length && this.#source[this.#at] !== ']') {
      const from = this.#at;
      set |= this.#member();
      if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && this.#at + 1 < this.#source.length) {
        const low = this.#source.slice(from, this.#at);
        this.#at++;
        const high = this.#at;
        const end = this.#member();
        set |= this.#span(low, this.#source.slice(high, this.#at)) | end;
      }
    }
    this.#at++;
    return negated ? (ALL & ~set) | OTHER : set;
  }

  #member(): bigint {
    const character = this.#source.charAt(this.#at++);
    if (character !== '\\') return this.#character(character);
    const letter = this.#source.charAt(this.#at++);
    return letter === 'b' ? range(8, 8) : this.#escaped(letter);
  }

  #span(low: string, high: string): bigint {
    if (low.length !== 1 || high.length !== 1) return ALL;
    const set = range(low.charCodeAt(0), high.charCodeAt(0));
    return this.#ignoreCase ? set | folded(set) : set;
  }

  #character(character: string): bigint {
    return this.#code(character.charCodeAt(0));
  }

  #code(code: number): bigint {
    const set = range(code, code) | (code > 127 ? OTHER : 0n);
    return this.#ignoreCase ? set | folded(set) : set;
  }

  #one(set: bigint): Piece {
    return { set, first: set, nullable: false, varies: false, delimited: false, ambiguous: false, degree: 0 };
  }
}

/** The other case of the letters in a set. */
function folded(set: bigint): bigint {
  return ((set & range(65, 90)) << 32n) | ((set & range(97, 122)) >> 32n);
}

function union(all: readonly Piece[]): Piece {
  let first = 0n;
  let ambiguous = false;
  for (const piece of all) {
    if ((first & piece.first) !== 0n || piece.nullable) ambiguous = true;
    first |= piece.first;
  }
  return {
    set: all.reduce((set, piece) => set | piece.set, 0n),
    first,
    nullable: all.some((piece) => piece.nullable),
    varies: all.some((piece) => piece.varies),
    delimited: all.every((piece) => piece.delimited || !piece.varies),
    ambiguous: ambiguous || all.some((piece) => piece.ambiguous),
    degree: Math.max(...all.map((piece) => piece.degree)),
  };
}

function concat(pieces: readonly Piece[]): Piece {
  const solid = pieces.filter((piece) => piece !== EMPTY);
  let first = 0n;
  for (const piece of solid) {
    first |= piece.first;
    if (!piece.nullable) break;
  }
  return {
    set: solid.reduce((set, piece) => set | piece.set, 0n),
    first,
    nullable: solid.every((piece) => piece.nullable),
    varies: solid.some((piece) => piece.varies),
    delimited: delimited(solid),
    ambiguous: solid.some((piece) => piece.ambiguous),
    degree: Math.max(chain(solid), ...pieces.map((piece) => piece.degree)),
  };
}

/** A first or last piece of fixed length that shares no character with the rest. */
function delimited(pieces: readonly Piece[]): boolean {
  const apart = (edge: Piece | undefined, rest: readonly Piece[]) =>
    edge !== undefined && !edge.varies && !edge.nullable && rest.every((piece) => (piece.set & edge.set) === 0n);
  return pieces.length > 1 && (apart(pieces[0], pieces.slice(1)) || apart(pieces.at(-1), pieces.slice(0, -1)));
}

/** How many varying pieces can fight over the same characters: the exponent of the worst case. */
function chain(pieces: readonly Piece[]): number {
  let worst = 0;
  let length = 0;
  let reach = 0n;
  for (const piece of pieces) {
    if (piece.varies) {
      length = (reach & piece.set) === 0n ? Math.max(1, piece.degree) : length + Math.max(1, piece.degree);
      reach |= piece.set;
      worst = Math.max(worst, length);
    } else if (!piece.nullable && (piece.set & reach) === 0n) {
      length = 0;
      reach = 0n;
    }
  }
  return worst;
}

function repeat(piece: Piece, min: number, max: number): Piece {
  if (max > 1 && piece !== EMPTY) {
    if (piece.varies && !piece.delimited) throw new Unsafe('a repeated group repeats something itself');
    if (piece.ambiguous) throw new Unsafe('a repeated group has alternatives that start alike');
    if (piece.nullable) throw new Unsafe('a repeated group can be empty');
  }
  const varies = piece.varies || max > min;
  return {
    ...piece,
    nullable: piece.nullable || min === 0,
    varies,
    delimited: false,
    degree: Math.max(piece.degree, varies ? 1 : 0),
  };
}

/** The verdict over a pattern that the host accepts. Unanchored patterns that begin with a repetition cost one degree more. */
export function judgeRegex(source: string, flags: string): Verdict {
  try {
    const piece = new Reader(source, flags.includes('i')).alternatives();
    const anchored = source.startsWith('^') && !flags.includes('m');
    const open = !anchored && /^(?:\(\?:|\()*(?:\\[a-zA-Z]|\[[^\]]*\]|[^\\[(])[*+{]/.test(source);
    return { safe: true, degree: piece.degree + (open && piece.degree > 0 ? 1 : 0) };
  } catch (error) {
    if (error instanceof Unsafe) return { safe: false, reason: error.message };
    throw error;
  }
}
