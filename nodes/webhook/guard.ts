import ipaddr from 'ipaddr.js';

import { WEBHOOK_ALLOW_LIST_ENTRIES } from '../limits.ts';

/**
 * True when an address is in a comma-separated list of addresses and CIDR blocks. Both sides are parsed, so that
 * another spelling of an address is the same address and `10.0.0.1` never matches `10.0.0.10`. What cannot be parsed
 * matches nothing.
 */
export function inAllowList(address: string, list: string): boolean {
  const caller = parsed(address);
  if (!caller) return false;
  const entries = list.split(',', WEBHOOK_ALLOW_LIST_ENTRIES).map((entry) => entry.trim());
  return entries.some((entry) => entry !== '' && matches(caller, entry));
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IPv4 in IPv6 notation counts as the IPv4 address it carries. */
function parsed(text: string): Address | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

function matches(caller: Address, entry: string): boolean {
  if (!entry.includes('/')) return parsed(entry)?.toNormalizedString() === caller.toNormalizedString();
  if (!ipaddr.isValidCIDR(entry)) return false;
  const [network, bits] = ipaddr.parseCIDR(entry);
  return caller.kind() === network.kind() && caller.match(network, bits);
}

const BOTS =
  /bot|crawl|spider|slurp|facebookexternalhit|whatsapp|telegrambot|slackbot|preview|headlesschrome|lighthouse/i;

/** True for the link previewers and crawlers that `ignoreBots` keeps out. */
export const isBot = (userAgent: string): boolean => BOTS.test(userAgent);
