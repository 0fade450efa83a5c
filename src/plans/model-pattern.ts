import * as z from 'zod';

/** A name, or the beginning of one and a `*`. */
const PATTERN = /^(?:[^\s*]+\*?|\*)$/;

/** The schema of an entry of a list of models. */
export const modelPattern = z.string('must be the name of a model').regex(PATTERN, {
  error: ({ input }) =>
    `must be the exact name of a model, or its beginning with one "*" at the end, such as "gpt-5*"; ${JSON.stringify(input)} would match nothing`,
});
