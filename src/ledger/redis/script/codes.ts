/** Verbs, by the numbers that the script knows them by. */
export const VERB = {
  RESERVE: 1,
  SETTLE: 2,
  RELEASE: 3,
  RENEW: 4,
  READ: 5,
  CREDIT: 6,
} as const;
/** What the script answers: the first three to reserve, the others to all other verbs. */
export const STATUS = {
  DENIED: 0,
  GRANTED: 1,
  GRANTED_BEFORE: 2,
  DONE: 3,
  REPLAYED: 4,
  REFUSED: 5,
  UNKNOWN: 6,
} as const;
/** What a reply begins with, in the place of the time, when the batch is to be sent again. */
export const AGAIN = -1;
