/** What of a request is moderated. */
export interface ModeratedContent {
  /** All text that the model reads, in pieces. */
  readonly texts: readonly string[];
  /** The URLs of its images. */
  readonly images: readonly string[];
  /** False: there is more than can be moderated, or token ids. */
  readonly isWhole: boolean;
}

/** OpenAI's guide advises short pieces; a piece overlaps the one before, so that no phrase is cut in two. */
const PIECE_LENGTH = 5_000;
const OVERLAP = 200;
const PIECES_MAX = 32;
/** OpenAI takes one image in a request (`too_many_images`, read 2026-11), and each is a request. */
const IMAGES_MAX = 8;

/** Fields of a body from which a model reads. */
const READ_FIELDS = [
  'messages',
  'input',
  'instructions',
  'prompt',
  'suffix',
  'prediction',
  'tools',
];

/** Fields inside of these that hold no text: names of kinds, ids, and bytes. */
const NO_TEXT: ReadonlySet<string> = new Set([
  'type',
  'role',
  'id',
  'call_id',
  'tool_call_id',
  'file_id',
  'status',
  'detail',
  'format',
  'file_data',
  'data',
  'encrypted_content',
]);

/** Returns the text and the images that a model reads of a body. */
export function moderatedContent(body: Readonly<Record<string, unknown>>): ModeratedContent {
  const found = new Found();
  for (const field of READ_FIELDS) found.read(body[field]);
  const { texts, images } = found;
  const pieces = piecesOf(texts.join('\n'));
  const isWhole = pieces.length <= PIECES_MAX && images.length <= IMAGES_MAX && !found.hasTokens;
  return { texts: pieces.slice(0, PIECES_MAX), images: images.slice(0, IMAGES_MAX), isWhole };
}

/** The depth of a body is bounded by its parser. */
class Found {
  readonly texts: string[] = [];
  readonly images: string[] = [];
  hasTokens = false;

  read(value: unknown): void {
    if (typeof value === 'string') this.texts.push(value);
    else if (Array.isArray(value)) this.#readAll(value);
    else if (typeof value === 'object' && value !== null) this.#readFields(value);
  }

  #readAll(values: readonly unknown[]): void {
    // Only prompts and inputs of embeddings are lists of numbers.
    this.hasTokens ||= typeof values[0] === 'number';
    for (const value of values) this.read(value);
  }

  #readFields(fields: object): void {
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'image_url') this.#readImage(value);
      else if (!NO_TEXT.has(name)) this.read(value);
    }
  }

  /** In chat it is an object, in Responses a text. */
  #readImage(value: unknown): void {
    const url = typeof value === 'object' && value !== null ? Reflect.get(value, 'url') : value;
    if (typeof url === 'string') this.images.push(url);
  }
}

function piecesOf(text: string): string[] {
  if (text.trim() === '') return [];
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += PIECE_LENGTH) {
    pieces.push(text.slice(Math.max(0, start - OVERLAP), start + PIECE_LENGTH));
    if (pieces.length > PIECES_MAX) break;
  }
  return pieces;
}
