import type { Base64Bytes } from './base64.ts';

/** In pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const SIDE_MAX = 100_000;
/** Parts of a file that are read until one says the size. A photo of a camera has about 20. */
const PARTS_MAX = 64;

/**
 * Returns the size of a PNG, JPEG, WebP or GIF from its header, as a decoder would allocate it. Where two
 * places state one, the larger counts. Returns `undefined` for a header that is cut off, not known or
 * not plausible. Only the bytes that it needs are decoded.
 */
export function imageSize(image: Base64Bytes): ImageSize | undefined {
  const head = image.read(0, 30);
  if (head.length < 30) return undefined;
  const size = sizeBy(head, image);
  return size && isPlausible(size.width) && isPlausible(size.height) ? size : undefined;
}

const isPlausible = (side: number) => side > 0 && side <= SIDE_MAX;

const PNG = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR';

function sizeBy(head: Buffer, image: Base64Bytes): ImageSize | undefined {
  const text = head.toString('latin1');
  if (text.startsWith(PNG)) return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return gifSize(head, image);
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return webpSize(image);
  return text.startsWith('\xff\xd8\xff') ? jpegSize(image) : undefined;
}

function larger(a: ImageSize | undefined, b: ImageSize): ImageSize {
  if (a === undefined) return b;
  return { width: Math.max(a.width, b.width), height: Math.max(a.height, b.height) };
}

const IMAGE = 0x2c;
const EXTENSION = 0x21;

/** Some decoders enlarge the canvas for a first frame that is larger. */
function gifSize(head: Buffer, image: Base64Bytes): ImageSize | undefined {
  const canvas = { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  const flags = head.readUInt8(10);
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  // An extension is its kind and blocks, each behind its length. The last one is empty.
  let inExtension = false;
  for (let parts = 0; parts < PARTS_MAX; parts++) {
    const part = image.read(at, 9);
    if (part.length < 9) return undefined;
    const first = part.readUInt8(0);
    if (inExtension) {
      at += first + 1;
      inExtension = first > 0;
    } else if (first === EXTENSION) {
      at += 2;
      inExtension = true;
    } else return first === IMAGE ? larger(canvas, gifFrame(part)) : undefined;
  }
  return undefined;
}

const gifFrame = (part: Buffer): ImageSize => ({
  width: part.readUInt16LE(1) + part.readUInt16LE(5),
  height: part.readUInt16LE(3) + part.readUInt16LE(7),
});

/** The canvas of an extended file, and the first frame. */
function webpSize(image: Base64Bytes): ImageSize | undefined {
  let canvas: ImageSize | undefined;
  let at = 12;
  for (let parts = 0; parts < PARTS_MAX; parts++) {
    const part = image.read(at, 18);
    if (part.length < 18) return undefined;
    const kind = part.toString('latin1', 0, 4);
    if (kind === 'VP8X') {
      canvas = { width: part.readUIntLE(12, 3) + 1, height: part.readUIntLE(15, 3) + 1 };
    } else if (kind === 'VP8 ' || kind === 'VP8L') {
      const frame = webpFrame(kind, part);
      return frame && larger(canvas, frame);
    } else if (kind === 'ANMF') return canvas;
    const length = part.readUInt32LE(4);
    at += 8 + length + (length & 1);
  }
  return undefined;
}

function webpFrame(kind: string, part: Buffer): ImageSize | undefined {
  if (kind === 'VP8L') {
    const bits = part.readUInt32LE(9);
    const [width, height] = [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    return part[8] === 0x2f ? { width, height } : undefined;
  }
  if (part.readUIntBE(11, 3) !== 0x9d012a) return undefined;
  return { width: part.readUInt16LE(14) & 0x3fff, height: part.readUInt16LE(16) & 0x3fff };
}

const FILL = 0xff;
const SCAN = 0xda;
/** Markers without content. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
/** `C0` to `CF` without the tables and the extension among them. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** The largest frame before the first scan. */
function jpegSize(image: Base64Bytes): ImageSize | undefined {
  let found: ImageSize | undefined;
  let at = 2;
  for (let parts = 0; parts < PARTS_MAX; parts++) {
    const part = image.read(at, 9);
    if (part.length < 9 || part[0] !== FILL) return undefined;
    const marker = part.readUInt8(1);
    if (marker === SCAN) return found;
    if (isFrame(marker)) found = larger(found, jpegFrame(part));
    const skipped = skippedAt(marker, part);
    if (skipped === undefined) return undefined;
    at += skipped;
  }
  return undefined;
}

/** A height of 0 stands for one that follows the scan. No size has it, so the image is not read. */
const jpegFrame = (part: Buffer): ImageSize => {
  const height = part.readUInt16BE(5);
  return { width: part.readUInt16BE(7), height: height === 0 ? Number.POSITIVE_INFINITY : height };
};

/** How far the next marker is; `undefined` where decoders disagree about it. */
function skippedAt(marker: number, part: Buffer): number | undefined {
  if (marker === FILL) return 1;
  if (isAlone(marker)) return 2;
  const length = part.readUInt16BE(2);
  return marker < 0xc0 || marker === 0xd8 || marker === 0xd9 || length < 2 ? undefined : 2 + length;
}
