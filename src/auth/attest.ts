import type { GuardRequest } from '../exchange.ts';

/** Says whether a request comes from the genuine app; it names no user. Throws when it cannot tell. */
export type Attest = (request: GuardRequest) => boolean | Promise<boolean>;
