import { lookup as resolveName } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

import { errors } from '../errors.ts';

/**
 * Which addresses nodes may call.
 *
 * | `allowPrivateNetwork` | private, loopback | link-local (with cloud metadata), unspecified, multicast, reserved |
 * | --- | --- | --- |
 * | `true` (default: one machine, one owner) | allowed | refused |
 * | `false` (shared installation) | refused | refused |
 * | list of CIDR blocks | allowed inside the blocks | allowed inside the blocks |
 */
export interface AddressRule {
  readonly allowPrivateNetwork?: boolean | readonly string[];
}

/** Ranges of ipaddr.js that are the public internet, seen from here. */
const PUBLIC = new Set(['unicast']);
const PRIVATE = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat', 'benchmarking']);
/** IPv6 forms that carry an IPv4 address: the carried address decides. */
const CARRIERS = new Set(['rfc6145', 'rfc6052', '6to4', 'teredo']);
/** Metadata services outside the link-local range. */
const METADATA = new Set(['fd00:ec2::254', '100.100.100.200']);

/** True when the rule lets a node call this address. What cannot be parsed is refused. */
export function addressAllowed(address: string, rule: AddressRule): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return false;
  // `process` reads an IPv4 address in IPv6 notation as what it is.
  const parsed = ipaddr.process(bare);
  const allowed = rule.allowPrivateNetwork ?? true;
  if (Array.isArray(allowed) && allowed.some((block) => inBlock(parsed, block))) return true;
  const range = parsed.range();
  if (METADATA.has(parsed.toNormalizedString()) || METADATA.has(parsed.toString()) || CARRIERS.has(range)) return false;
  if (PUBLIC.has(range)) return true;
  return PRIVATE.has(range) && allowed === true;
}

function inBlock(address: ipaddr.IPv4 | ipaddr.IPv6, block: string): boolean {
  if (!ipaddr.isValidCIDR(block)) return false;
  const [network, bits] = ipaddr.parseCIDR(block);
  return address.kind() === network.kind() && address.match(network, bits);
}

/**
 * Reads a URL and refuses what is not http(s), or names a forbidden address outright. The WHATWG parser has turned
 * odd spellings (`0x7f.1`, `2130706433`) into plain addresses by then.
 */
export function guardedUrl(text: string, rule: AddressRule): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw errors.HTTP_URL_INVALID({ url: text });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && !addressAllowed(host, rule)) throw errors.HTTP_ADDRESS_REFUSED({ host, address: host });
  return url;
}

/**
 * Connections that look names up themselves and refuse before the socket is opened. There is no second lookup, so
 * that a name that changes its answer between check and use (rebinding) gains nothing.
 */
export function connectorFor(rule: AddressRule, tls: { rejectUnauthorized: boolean }): buildConnector.connector {
  return buildConnector({ ...tls, lookup: guardedLookup(rule) });
}

/** `dns.lookup` whose forbidden answers are errors. One forbidden address among several refuses them all. */
export function guardedLookup(rule: AddressRule, resolve: typeof resolveName = resolveName): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (failure, addresses) => {
      if (failure) return done(failure, '', 0);
      const bad = addresses.find(({ address }) => !addressAllowed(address, rule));
      const first = addresses[0];
      if (bad || !first) {
        return done(errors.HTTP_ADDRESS_REFUSED({ host: hostname, address: bad?.address ?? 'none' }), '', 0);
      }
      return options.all ? done(null, addresses) : done(null, first.address, first.family);
    });
  };
}
