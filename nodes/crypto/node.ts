import { createHash, createHmac, createSign, randomBytes, randomUUID } from 'node:crypto';

import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { errors } from '../errors.ts';
import { eachItem, linked } from '../items.ts';
import { getPath, withPath } from '../paths.ts';
import { numberParam, textParam } from '../read.ts';
import { choice, facts, flag, number, text } from '../schema.ts';
import { inspectType } from './inspect.ts';

const type = 'n8n-nodes-base.crypto';

/** Names of hashes as n8n has them, and as OpenSSL has them. */
const HASHES: Record<string, string> = {
  MD5: 'md5',
  SHA1: 'sha1',
  SHA224: 'sha224',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};

/** Hashes and signs text, and makes random values, per item; the result is a plain field beside the others. */
function compute(context: NodeContext): Item[] {
  return eachItem(context, (item, index) => {
    const field = textParam(context, 'dataPropertyName', index, 'data');
    const value = resultFor(context, index);
    // The field is a plain name in n8n, unless its parent is there: `out.h` makes one field of that name.
    const dotted = field.includes('.') && getPath(item.json, field.slice(0, field.lastIndexOf('.'))) !== undefined;
    return { ...linked(item, index), json: withPath(item.json, field, value, dotted) };
  });
}

function resultFor(context: NodeContext, index: number): string {
  const action = textParam(context, 'action', index, 'hash');
  if (action === 'generate') return generated(context, index);
  if (action === 'sign') return signed(context, index);
  if (action !== 'hash' && action !== 'hmac') throw errors.NODE_NOT_SUPPORTED({ feature: `Crypto with "${action}"` });
  if (context.param('binaryData', index, false) === true) {
    throw errors.NODE_NOT_SUPPORTED({ feature: 'Crypto of binary data' });
  }
  const name = textParam(context, 'type', index, 'MD5');
  const algorithm = HASHES[name];
  if (algorithm === undefined) {
    throw errors.NODE_PARAMETER_INVALID({
      parameter: 'type',
      value: name,
      allowed: Object.keys(HASHES).join(', '),
      item: index,
    });
  }
  const value = hashable(context.param('value', index, ''));
  const hash = action === 'hmac' ? createHmac(algorithm, textParam(context, 'secret', index)) : createHash(algorithm);
  const encoding = textParam(context, 'encoding', index, 'hex') === 'base64' ? 'base64' : 'hex';
  return hash.update(value).digest(encoding);
}

/** Signs with a key in PEM. What OpenSSL says of a bad key is left out: it may quote it. */
function signed(context: NodeContext, index: number): string {
  const algorithm = textParam(context, 'algorithm', index, 'RSA-SHA256');
  const encoding = textParam(context, 'encoding', index, 'hex') === 'base64' ? 'base64' : 'hex';
  const value = hashable(context.param('value', index, ''));
  try {
    return createSign(algorithm)
      .update(value)
      .sign(textParam(context, 'privateKey', index), encoding);
  } catch {
    const allowed = 'an algorithm of OpenSSL that fits the private key';
    throw errors.NODE_PARAMETER_INVALID({ parameter: 'algorithm', value: algorithm, allowed, item: index });
  }
}

/** Only text can be hashed; the message for anything else is Node's own, which n8n shows. */
function hashable(value: unknown): string {
  if (typeof value === 'string') return value;
  const message = `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${inspectType(value)}`;
  throw errors.NODE_STOPPED({ message, wholeNode: true });
}

const LONGEST_RANDOM = 8_192;

function generated(context: NodeContext, index: number): string {
  const kind = textParam(context, 'encodingType', index, 'uuid');
  if (kind === 'uuid') return randomUUID();
  const length = Math.min(Math.max(1, numberParam(context, 'stringLength', index, 32)), LONGEST_RANDOM);
  if (kind === 'base64') return randomBytes(length).toString('base64').replace(/\W/g, '').slice(0, length);
  if (kind === 'hex') return randomBytes(length).toString('hex').slice(0, length);
  if (kind === 'ascii')
    return Array.from(randomBytes(length), (byte) => String.fromCharCode(33 + (byte % 94))).join('');
  throw errors.NODE_PARAMETER_INVALID({
    parameter: 'encodingType',
    value: kind,
    allowed: 'uuid, hex, base64, ascii',
    item: index,
  });
}

export const crypto: NodeType = {
  type,
  displayName: 'Crypto',
  description: 'Hashes and signs text, and makes random values.',
  group: 'data',
  versions: [1],
  properties: [
    choice('action', ['generate', 'hash', 'hmac', 'sign'], { value: 'hash' }),
    choice('type', Object.keys(HASHES), { show: { action: ['hash', 'hmac'] } }),
    flag('binaryData', false, { show: { action: ['hash', 'hmac'] } }),
    text('value', '', { required: true, show: { action: ['hash', 'hmac', 'sign'] } }),
    text('dataPropertyName', 'data'),
    text('secret', '', { required: true, show: { action: ['hmac'] } }),
    choice('encoding', ['hex', 'base64'], { show: { action: ['hash', 'hmac', 'sign'] } }),
    text('algorithm', '', { show: { action: ['sign'] } }),
    text('privateKey', '', { required: true, show: { action: ['sign'] } }),
    choice('encodingType', ['uuid', 'hex', 'base64', 'ascii'], { show: { action: ['generate'] } }),
    number('stringLength', 32, { show: { action: ['generate'] } }),
  ],
  // Random values are kept once committed; until then another attempt may draw others.
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [compute(context)] }),
};
