import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { GuardRequest } from '../core/request.ts';

const FORWARDED_LENGTH_MAX = 2_048;

/**
 * Returns the address that a request came from: an IPv4 address, or the /64 network of an IPv6 address,
 * because one subscriber gets a whole /64. `undefined` when it is unknown or not an address.
 *
 * Each of your `trustProxy` proxies appends the address of its caller to `X-Forwarded-For`. Entries
 * further left were supplied by the caller and are ignored.
 */
export function clientAddress(request: GuardRequest, trustProxy: number): string | undefined {
  const header = trustProxy > 0 ? (request.header('x-forwarded-for') ?? '') : '';
  if (header.length > FORWARDED_LENGTH_MAX) return undefined;
  const forwarded = header === '' ? [] : header.split(',');
  const chain = [...forwarded, request.remoteAddress ?? ''];
  const address = chain[Math.max(0, chain.length - 1 - trustProxy)] ?? '';
  return networkOf(withoutPort(address.trim()));
}

const BRACKETED = /^\[([^\]]+)\](?::\d+)?$/;
const IPV4_PORT = /^([\d.]+):\d+$/;

const withoutPort = (text: string): string =>
  BRACKETED.exec(text)?.[1] ?? IPV4_PORT.exec(text)?.[1] ?? text;

function networkOf(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const [address = ''] = text.split('%', 1);
  // Node's check comes first: ipaddr.js alone also reads "127.1" and octal or hexadecimal numbers.
  if (!isIPv6(address)) return undefined;
  // An IPv4 address in IPv6 notation, as sockets for both kinds write it, becomes the IPv4 address.
  const parsed = ipaddr.process(address);
  return 'parts' in parsed ? `${prefixOf(parsed.parts)}::/64` : parsed.toString();
}

const prefixOf = (groups: readonly number[]): string =>
  groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
