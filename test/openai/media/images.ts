/** Headers of images, as far as a reader goes, written here by the formats' own definitions. */
const text = (value: string) => Buffer.from(value, 'latin1');

function le(bytes: number, ...values: number[]): Buffer {
  const buffer = Buffer.alloc(bytes * values.length);
  values.forEach((value, index) => {
    buffer.writeUIntLE(value, index * bytes, bytes);
  });
  return buffer;
}

function be(bytes: number, ...values: number[]): Buffer {
  const buffer = Buffer.alloc(bytes * values.length);
  values.forEach((value, index) => {
    buffer.writeUIntBE(value, index * bytes, bytes);
  });
  return buffer;
}

const joined = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? text(part) : part)));

export const png = (width: number, height: number) =>
  joined('\x89PNG\r\n\x1a\n', be(4, 13), 'IHDR', be(4, width, height), '\x08\x02\0\0\0crc!');

/** A logical screen, a palette, an extension with a comment, and the first frame. */
export const gif = (width: number, height: number, frame = [0, 0, width, height]) =>
  joined(
    'GIF89a',
    le(2, width, height),
    '\x80\0\0',
    Buffer.alloc(6),
    '\x21\xfe\x03a,b\x02!,\0',
    '\x2c',
    le(2, ...frame),
    '\0\x02\x00\x3b',
  );

const chunk = (kind: string, content: Buffer) => joined(kind, le(4, content.length), content);
const webp = (...chunks: Buffer[]) => joined('RIFF', le(4, 0), 'WEBP', ...chunks, Buffer.alloc(8));
const vp8 = (width: number, height: number) =>
  chunk('VP8 ', joined('\0\0\0\x9d\x01\x2a', le(2, width, height)));

export const webpLossy = (width: number, height: number) => webp(vp8(width, height));
export const webpLossless = (width: number, height: number) =>
  webp(chunk('VP8L', joined('\x2f', le(4, (width - 1) | ((height - 1) << 14)), '\0\0\0\0\0')));
/** A canvas, a colour profile, and one frame. */
export const webpExtended = (width: number, height: number, frame = [width, height]) =>
  webp(
    chunk('VP8X', joined('\0\0\0\0', le(3, width - 1, height - 1))),
    chunk('ICCP', Buffer.alloc(100)),
    vp8(frame[0] ?? 0, frame[1] ?? 0),
  );

const segment = (marker: number, content: Buffer) =>
  joined(Buffer.of(0xff, marker), be(2, content.length + 2), content);
const jpegFrame = (marker: number, width: number, height: number) =>
  segment(marker, joined('\x08', be(2, height, width), '\x01\x01\x11\0'));

/** A thumbnail inside of the metadata, more segments before the frame, and tables after it. */
export const jpeg = (width: number, height: number, segments = 4) =>
  joined(
    '\xff\xd8',
    segment(0xe1, joined('Exif\0\0\xff\xd8', jpegFrame(0xc0, 8, 8))),
    ...Array.from({ length: segments }, () => segment(0xe2, Buffer.alloc(60_000))),
    '\xff',
    segment(0xdb, Buffer.alloc(65)),
    jpegFrame(0xc2, width, height),
    segment(0xc4, Buffer.alloc(20)),
    segment(0xda, Buffer.alloc(10)),
    Buffer.alloc(8),
  );
/** Two frames before the scan: readers differ in which one they believe. */
export const jpegOfTwo = (width: number, height: number) =>
  joined(
    '\xff\xd8',
    jpegFrame(0xc0, 8, 8),
    jpegFrame(0xc0, width, height),
    segment(0xda, Buffer.alloc(10)),
  );
/** A marker without content, whose next bytes look like the length of a segment that hides the frame. */
export const jpegHidden = (width: number, height: number) =>
  joined(
    '\xff\xd8\xff\xd0',
    jpegFrame(0xc0, width, height),
    segment(0xda, Buffer.alloc(10)),
    jpegFrame(0xc0, 8, 8),
    segment(0xda, Buffer.alloc(10)),
  );

export const dataUrl = (bytes: Uint8Array) =>
  `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
