/** Text in, text out: cases, addresses, markup. The patterns here are ours and linear; texts are the author's. */

const ADDRESS_CHARACTERS = 2_048;

export function base64Encode(value: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(value)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function base64Decode(value: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(value), (character) => character.charCodeAt(0)));
}

/** Letters and digits, hyphens inside, dots between, a top level of letters (or `xn--`). */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/i;

export function isDomain(value: string): boolean {
  return value.length <= 253 && DOMAIN.test(value);
}

export function isEmail(value: string): boolean {
  if (value.length > 320) return false;
  const at = value.lastIndexOf('@');
  return at > 0 && /^[^\s@"(),:;<>[\]\\]+$/.test(value.slice(0, at)) && isDomain(value.slice(at + 1));
}

export function isUrl(value: string): boolean {
  return value.length <= ADDRESS_CHARACTERS && /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value) && URL.canParse(value);
}

export function extractEmail(value: string): string | undefined {
  for (const word of value.split(/[\s,;:<>()[\]"]/)) {
    const bare = word.replace(/^mailto:/i, '').replace(/[.!?]$/, '');
    if (bare.includes('@') && isEmail(bare)) return bare;
  }
  return undefined;
}

export function extractUrl(value: string): string | undefined {
  const start = value.search(/(?:https?|ftp|file):\/\//i);
  if (start < 0) return undefined;
  const found = /^[^\s<>"'`]+/
    .exec(value.slice(start, start + ADDRESS_CHARACTERS))?.[0]
    .replace(/[.,;:!?)\]}]{1,10}$/, '');
  return found !== undefined && isUrl(found) ? found : undefined;
}

export function extractUrlPath(value: string): string | undefined {
  try {
    return new URL(value.slice(0, ADDRESS_CHARACTERS)).pathname;
  } catch {
    return undefined;
  }
}

const HOST = /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3})$/;

/** The host of the first address in the text: of a URL, an e-mail address or a bare domain. */
export function extractDomain(value: string): string | undefined {
  for (const word of value.slice(0, ADDRESS_CHARACTERS * 8).split(/[\s,;<>()"']/)) {
    const rest = word.replace(/^(?:[a-z][a-z0-9+.-]{0,20}:)?\/\//i, '').replace(/^mailto:/i, '');
    const host = (rest.split(/[/?#]/)[0] ?? '')
      .replace(/^.*@/, '')
      .replace(/:\d{1,5}$/, '')
      .replace(/\.$/, '');
    if (isDomain(host) || (HOST.test(host) && (host !== 'localhost' || rest !== word || word === 'localhost')))
      return host;
  }
  return undefined;
}

export function removeTags(value: string): string {
  let text = '';
  let at = 0;
  for (let open = value.indexOf('<'); open >= 0; open = value.indexOf('<', at)) {
    const close = value.indexOf('>', open);
    if (close < 0) break;
    text += value.slice(at, open);
    at = close + 1;
  }
  return text + value.slice(at);
}

/** Headings, emphasis, links, images, code, quotes, lists, rules and HTML tags. */
export function removeMarkdown(value: string): string {
  return removeTags(value)
    .split('\n')
    .map((line) =>
      line
        .replace(/^ {0,3}#{1,6} +/, '')
        .replace(/^ {0,3}> ?/, '')
        .replace(/^( {0,8})(?:[*+-]|\d{1,9}\.) +/, '$1')
        .replace(/^ {0,3}(?:(?:- ?){3,20}|(?:\* ?){3,20}|(?:_ ?){3,20})$/, '')
        .replace(/^```\w{0,20}$/, ''),
    )
    .join('\n')
    .replace(/!?\[([^[\]]{0,500})\]\([^()]{0,2000}\)/g, '$1')
    .replace(/`([^`\n]{1,1000})`/g, '$1')
    .replace(/(\*\*|__)([^*_\n]{1,1000})\1/g, '$2')
    .replace(/([*_])([^*_\n]{1,1000})\1/g, '$2')
    .replace(/~~([^~\n]{1,1000})~~/g, '$1');
}

const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  ø: 'o',
  Ø: 'O',
  œ: 'oe',
  Œ: 'OE',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  þ: 'th',
  ð: 'd',
};

export function replaceSpecialChars(value: string): string {
  return [...value.normalize('NFD').replace(/[\u0300-\u036f]/g, '')].map((one) => PLAIN[one] ?? one).join('');
}

function words(value: string): string[] {
  return value
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word !== '');
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export function toTitleCase(value: string): string {
  return value.replace(/\p{L}[^\s-]*/gu, (word) => capital(word.toLowerCase()));
}

export function toSentenceCase(value: string): string {
  let start = true;
  return [...value.toLowerCase()]
    .map((one) => {
      const made = start && /\p{L}/u.test(one) ? one.toUpperCase() : one;
      if (/[\p{L}\p{N}]/u.test(one)) start = false;
      if ('.!?'.includes(one)) start = true;
      return made;
    })
    .join('');
}

export function toSnakeCase(value: string): string {
  return words(value).join('_').toLowerCase();
}

export function toKebabCase(value: string): string {
  return words(value).join('-').toLowerCase();
}

export function toCamelCase(value: string): string {
  return words(value)
    .map((word, i) => (i === 0 ? word.toLowerCase() : capital(word.toLowerCase())))
    .join('');
}
