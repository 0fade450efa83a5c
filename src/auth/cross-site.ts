import { type Denial, deny } from '../core/denial.ts';
import type { GuardRequest } from '../core/request.ts';

const BEARER = /^Bearer /i;
const JSON_TYPE = /^application\/json(?:[ \t]*;|[ \t]*$)/i;

const CROSS_SITE = deny(
  'cross_site_request',
  'A page of another site may have sent this. Send "content-type: application/json".',
);

/**
 * Denies a request that changes something and that any page can make a browser send with the credentials
 * of its user, such as a form. A browser adds cookies, and a name and password, to it by itself. It adds no
 * bearer credential, and it sends JSON to another origin only if that origin allows it.
 */
export function crossSiteDenial(request: GuardRequest): Denial | undefined {
  if (!hasAmbientCredential(request)) return undefined;
  if (JSON_TYPE.test(request.header('content-type') ?? '')) return undefined;
  return isFromOwnPage(request) ? undefined : CROSS_SITE;
}

function hasAmbientCredential(request: GuardRequest): boolean {
  const authorization = request.header('authorization');
  if (authorization !== undefined) return !BEARER.test(authorization);
  // A certificate, or an address, leaves no header. But a browser names the page that sends a `POST`.
  return request.header('cookie') !== undefined || request.header('origin') !== undefined;
}

/** `none`: the user sent it, and no page. Older browsers send only one of these headers, or neither. */
function isFromOwnPage(request: GuardRequest): boolean {
  const site = request.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = request.header('origin');
  return origin !== undefined && URL.parse(origin)?.host === request.header('host');
}
