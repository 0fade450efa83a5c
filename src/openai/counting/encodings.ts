/** A published encoding, by the name that tokenizers give it. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

/** How the text of a model's requests is counted. */
export interface ModelEncodings {
  /** The larger count applies. */
  readonly names: readonly EncodingName[];
  /** Applied to the count. */
  readonly factor: number;
}

const O200K: ModelEncodings = { names: ['o200k_base'], factor: 1 };
const CL100K: ModelEncodings = { names: ['cl100k_base'], factor: 1 };
/** The tokenizer of these models is not published (2026-11), so there is a margin. */
const UNPUBLISHED: ModelEncodings = { names: ['o200k_base', 'cl100k_base'], factor: 1.35 };

/**
 * The models of OpenAI's text endpoints. Source: 721 recorded calls up to gpt-5.5 and gpt-5.6-sol, none of
 * which used more than its bound (2026-11); with o200k, embeddings came out 2 % below what was billed.
 */
const FAMILIES: readonly (readonly [RegExp, ModelEncodings])[] = [
  [/^(?:gpt-3\.5-turbo|gpt-4|text-embedding)(?:-|$)/, CL100K],
  [/^(?:gpt-4o|gpt-4\.[15]|gpt-5(?:\.\d+)?|o\d+)(?:-|$)/, O200K],
  [/^gpt-6(?:\.\d+)?(?:-|$)/, UNPUBLISHED],
];

/** Models that read more than the request: they search by themselves, or read sound and images. */
const READS_MORE =
  /-(?:search|deep-research|audio|realtime|live|transcribe|tts|image|vision|computer)(?:-|$)/;

/** Returns how a model counts; `undefined` for a model of which that is not known. */
export function encodingsOf(model: string): ModelEncodings | undefined {
  const [, base = model] = /^ft:([^:]+):/.exec(model) ?? [];
  if (READS_MORE.test(base)) return undefined;
  return FAMILIES.find(([family]) => family.test(base))?.[1];
}
