import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of a password hash: 2^15 blocks of 1 KiB, some 60 ms and 32 MiB. Written into each hash, so it may grow. */
const SCRYPT_N = 2 ** 15;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const HASH_BYTES = 32;
const SCRYPT_MEMORY_BYTES = 256 * 1024 * 1024;
const API_KEY_BYTES = 32;
const PASSWORD_BYTES = 15;
/** Longer passwords are refused at the door; here they would only cost time. */
export const PASSWORD_CHARACTERS = 1_024;

/** `scrypt$N$r$p$salt$hash`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P);
  return ['scrypt', SCRYPT_N, SCRYPT_R, SCRYPT_P, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Compares in constant time. A malformed hash fits nothing. */
export async function passwordFits(password: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt, hash] = stored.split('$');
  if (scheme !== 'scrypt' || !salt || !hash || password.length > PASSWORD_CHARACTERS) return false;
  const wanted = Buffer.from(hash, 'base64url');
  const found = await derive(password, Buffer.from(salt, 'base64url'), Number(n), Number(r), Number(p));
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** Keys have 256 bits of chance, so one round of SHA-256 is enough: nobody guesses them. */
export function sha256Of(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function freshApiKey(): string {
  return `troupe_${randomBytes(API_KEY_BYTES).toString('base64url')}`;
}

export function freshPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/** 16 characters out of 62, as n8n's workflow ids look. */
export function freshWorkflowId(): string {
  let id = '';
  while (id.length < 16) id += randomBytes(24).toString('base64').replaceAll(/[+/=]/g, '');
  return id.slice(0, 16);
}

function derive(password: string, salt: Buffer, N: number, r: number, p: number): Promise<Buffer> {
  return new Promise((done, failed) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, { N, r, p, maxmem: SCRYPT_MEMORY_BYTES }, (error, key) =>
      error ? failed(error) : done(key),
    );
  });
}
