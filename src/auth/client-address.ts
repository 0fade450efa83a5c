import { isIPv4, isIPv6 } from 'node:net';
import type { GuardRequest } from '../core/request.ts';

const FORWARDED_LENGTH_MAX = 2_048;

/**
 * Whose address a request is from: an IPv4 address, or the /64 of an IPv6 one, which is what one
 * subscriber gets. Each of `trustProxy` proxies of your own adds at the right of `X-Forwarded-For` who
 * called it; what stands further left, the caller wrote himself, and nobody believes. `undefined` when
 * it is not known, or no address.
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
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  return mappedIPv4(groups) ?? `${groups.slice(0, 4).join(':')}::/64`;
}

/** All eight, without leading zeros. The URL parser knows every way to write an address, and one back. */
function groupsOf(address: string): readonly string[] {
  const { hostname } = new URL(`http://[${address}]/`);
  const [left = '', right] = hostname.slice(1, -1).split('::');
  const [before, after] = [left, right ?? ''].map((half) => (half === '' ? [] : half.split(':')));
  const known = [...(before ?? []), ...(after ?? [])];
  const zeros = Array.from({ length: 8 - known.length }, () => '0');
  return [...(before ?? []), ...zeros, ...(after ?? [])];
}

/** `::ffff:a.b.c.d` is how a socket of both kinds writes an IPv4 address. */
function mappedIPv4(groups: readonly string[]): string | undefined {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined;
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
}
