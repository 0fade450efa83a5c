/** YOUR LOGIN GOES HERE: a session, a cookie, a JWT. This stub trusts whatever the header contains. */
export const userOf = (request: Request): string | null => request.headers.get('x-demo-user');
