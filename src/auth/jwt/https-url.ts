const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Returns a URL whose responses can be trusted: https, or this machine. `TypeError` names `path`. */
export function parseHttpsUrl(value: unknown, path: string): URL {
  const url = typeof value === 'string' || value instanceof URL ? URL.parse(value) : null;
  if (url !== null && isTrustworthy(url)) return url;
  throw new TypeError(`"${path}" must be an https URL without a user name and password`);
}

function isTrustworthy({ protocol, hostname, username, password }: URL): boolean {
  const secure = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return secure && username === '' && password === '';
}
