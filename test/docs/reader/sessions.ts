import type { NextFunction, Request, Response } from 'express';

/** A "file of yours" that blocks import: the session middleware of the backend, and Passport. */

const nameIn = (request: Request): string | undefined =>
  /\bsession=(\w+)/.exec(request.headers.cookie ?? '')?.[1];

export function sessions(request: Request, _response: Response, next: NextFunction): void {
  const userId = nameIn(request);
  Object.assign(request, { session: userId === undefined ? {} : { userId } });
  next();
}

export function passportSession(request: Request, _response: Response, next: NextFunction): void {
  const id = nameIn(request);
  if (id !== undefined) Object.assign(request, { user: { id, plan: 'pro' } });
  next();
}
