/** A word that is no longer used, and what stands in its place. */
export interface OldWord {
  readonly word: RegExp;
  readonly instead: string;
}

/** Written in any case, as a part of names too, unless the expression says otherwise. */
export const OLD_WORDS: readonly OldWord[] = [
  { word: /\bwhoever\b/i, instead: 'a user who' },
  { word: /\bwhomever\b/i, instead: 'any user' },
  { word: /\banew\b/i, instead: 'again' },
  { word: /\b(?:thereof|besides)\b/i, instead: 'also' },
  { word: /everybody/i, instead: 'global, all users' },
  { word: /nobody/i, instead: 'no user, no one' },
  { word: /\b(?:he|she|him|his|hers)\b/i, instead: 'they' },
  { word: /\b(?:hears|tells|speaks) of\b/i, instead: 'sees, reports' },
  { word: /\bis told to\b/i, instead: 'receives' },
  { word: /must be a text\b/i, instead: 'must be a string' },
  { word: /^\s*(?:\/\*\*|\*) Answers /, instead: 'Returns' },
  { word: /tagger/i, instead: 'endUserId' },
  { word: /\bgifts?\b|Gift/i, instead: 'credit' },
  { word: /\bfaces?\b/i, instead: 'adapter' },
  { word: /walkLine|createLine|create-line\b/, instead: 'runPipeline, createPipeline' },
  { word: /\bstanding\b|Standing/, instead: 'limit status' },
  {
    word: /(?:User|Plan|Price|Safety)Book|(?:user|plan|price|safety)[Bb-]+ook\b/,
    instead: 'users, plan resolver, price list',
  },
  { word: /\bwish(?:es)?\b|Wish/, instead: 'requested scope' },
  { word: /\bAttest\b/, instead: 'Attestation' },
  { word: /access tokens?\b|accessTokens?|AccessTokens?/i, instead: 'user token' },
  { word: /GuardAnswer/, instead: 'GuardResponse' },
  { word: /onGone|onClientGone/, instead: 'onDisconnect' },
  { word: /timeouts\.turn\b/, instead: 'timeouts.queue' },
];

/** Where an old word stays, and why. */
export const ALLOWED: readonly {
  readonly word: RegExp;
  readonly where: RegExp;
  readonly why: string;
}[] = [
  {
    word: /access tokens?/i,
    where: /^src\/auth\/(?:jwt|providers)\/|^test\/auth\/|^docs\/auth\.md/,
    why: 'what an identity provider issues is called an access token by OAuth and by its documentation',
  },
  {
    word: /App Attest/,
    where: /./,
    why: "the name of Apple's service",
  },
  {
    word: /gifts?\b/i,
    where:
      /^src\/ledger\/(?:postgres\/stored-names|sqlite\/(?:file-tables|schema))\.ts$|^docs\/ledgers\/(?:redis|sqlite)\.md$/,
    why: 'the stored name of credits',
  },
  {
    word: /everybody/,
    where: /^src\/ledger\/(?:postgres|sqlite)\/from-version-1\.ts$/,
    why: 'the name that schema 1 stored for the global account',
  },
];

/** A letter and two digits that name no case of a catalogue. */
export const REAL_CODES: readonly { readonly code: RegExp; readonly why: string }[] = [];

const CODE = /\b[A-H]\d{2}\b/g;

export interface Prose {
  /** Below the repository. */
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Each old word, as `path:line: word, instead …`. */
export function oldWordsIn({ path, line, text }: Prose): string[] {
  return OLD_WORDS.flatMap(({ word, instead }) => {
    const found = word.exec(withoutAllowed(path, text))?.[0].trim();
    return found === undefined ? [] : [`${path}:${line}: "${found}", instead: ${instead}`];
  });
}

function withoutAllowed(path: string, text: string): string {
  const allowed = ALLOWED.filter(({ where }) => where.test(path));
  return allowed.reduce(
    (left, { word }) => left.replace(new RegExp(word, `${word.flags}g`), ''),
    text,
  );
}

/** Each code that refers to a catalogue that the reader does not have, as `path:line: code`. */
export function codesIn({ path, line, text }: Prose): string[] {
  return (text.match(CODE) ?? [])
    .filter((found) => !REAL_CODES.some(({ code }) => code.test(found)))
    .map((found) => `${path}:${line}: ${found}`);
}
