/** YOUR LOGIN GOES HERE: a session, a cookie, a JWT. This stub believes what anybody says. */
export const userOf = (request: Request): string | null => request.headers.get('x-demo-user');
