/** The numbers of the verbs in the script. */
export const VERB = {
  RESERVE: 1,
  SETTLE: 2,
  RELEASE: 3,
  RENEW: 4,
  READ: 5,
  CREDIT: 6,
} as const;
/** The results in the script: the first three for reserve, the others for all other verbs. */
export const STATUS = {
  DENIED: 0,
  GRANTED: 1,
  GRANTED_BEFORE: 2,
  DONE: 3,
  REPLAYED: 4,
  REFUSED: 5,
  UNKNOWN: 6,
} as const;
/** The beginning of a reply, in place of the time, if the batch must be sent again. */
export const AGAIN = -1;
