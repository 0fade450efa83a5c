export const imageDetails = ['low', 'high', 'original', 'auto'] as const;
/** How closely a model looks at an image. */
export type ImageDetail = (typeof imageDetails)[number];

/** An image is shrunk until it fits. Then each square of 32 by 32 pixels counts. */
export interface PatchLimit {
  /** The longest side, in pixels. Absent: it is not shrunk by its sides. */
  readonly side?: number;
  /** The most squares. Absent: as many as there are. */
  readonly patches?: number;
}

export interface PatchRule {
  readonly kind: 'patches';
  /** Tokens of one square. */
  readonly factor: number;
  readonly limits: Readonly<Record<ImageDetail, PatchLimit>>;
}

/** An image is shrunk to 2,048 by 2,048, then its short side to 768. Each square of 512 by 512 counts. */
export interface TileRule {
  readonly kind: 'tiles';
  readonly base: number;
  readonly each: number;
}

export type ImageRule = PatchRule | TileRule;

/** Families that do the same for every detail. */
const always = (limit: PatchLimit): PatchRule['limits'] => ({
  low: limit,
  high: limit,
  original: limit,
  auto: limit,
});

const high = { side: 2_048, patches: 2_500 };
const original = { side: 6_000, patches: 10_000 };
const large = always({ side: 2_048, patches: 6_144 });
const small = always({ patches: 1_536 });

const patches = (factor: number, limits: PatchRule['limits']): ImageRule => ({
  kind: 'patches',
  factor,
  limits,
});
const tiles = (base: number, each: number): ImageRule => ({ kind: 'tiles', base, each });

const asItIs: PatchLimit = {};
const gpt56 = patches(1.2, { low: { side: 512 }, high, original: asItIs, auto: asItIs });
const gpt55 = patches(1.2, { low: { side: 512 }, high, original, auto: original });
const gpt54 = patches(1.2, { low: { side: 2_048, patches: 6_144 }, high, original, auto: high });

/**
 * How each family of models counts an image, by the names without date. Source: OpenAI's guide "Images
 * and vision" (the copy of 2026-10, with GPT-5.6), and its edition of 2025 for models that the newer one
 * no longer lists. Community measurements (thread 1377015, 2026) are at most 16 tokens above it.
 */
export const imageFamilies: ReadonlyMap<string, ImageRule> = new Map([
  ['gpt-5.6', gpt56],
  ['gpt-5.6-sol', gpt56],
  ['gpt-5.6-terra', gpt56],
  ['gpt-5.6-luna', gpt56],
  ['gpt-5.5', gpt55],
  ['gpt-5.4', gpt54],
  ['gpt-5.4-mini', gpt54],
  ['gpt-5.4-nano', gpt54],
  ['gpt-5.2', patches(1.2, large)],
  ['gpt-5-mini', patches(1.2, small)],
  ['gpt-5-nano', patches(1.5, small)],
  ['gpt-4.1-mini', patches(1.62, large)],
  ['gpt-4.1-nano', patches(2.46, small)],
  ['o4-mini', patches(1.72, small)],
  ['gpt-5', tiles(70, 140)],
  ['gpt-5.1', tiles(70, 140)],
  ['gpt-4o', tiles(85, 170)],
  ['gpt-4.1', tiles(85, 170)],
  ['gpt-4o-mini', tiles(2_833, 5_667)],
  ['o1', tiles(75, 150)],
  ['o1-pro', tiles(75, 150)],
  ['o3', tiles(75, 150)],
]);
