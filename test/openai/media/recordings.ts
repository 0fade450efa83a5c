/** Audio files, written here by the formats' own definitions. */
interface WavFormat {
  readonly tag?: number;
  readonly hertz?: number;
  readonly channels?: number;
  readonly bits?: number;
  /** What the format says of its own rate and blocks, where that is not true. */
  readonly bytesPerSecond?: number;
  readonly block?: number;
}

function chunk(kind: string, content: Buffer, length = content.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(kind, 'latin1');
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, content]);
}

export function wavFormat(format: WavFormat = {}): Buffer {
  const { tag = 1, hertz = 16_000, channels = 1, bits = 16 } = format;
  const content = Buffer.alloc(16);
  content.writeUInt16LE(tag, 0);
  content.writeUInt16LE(channels, 2);
  content.writeUInt32LE(hertz, 4);
  content.writeUInt32LE(format.bytesPerSecond ?? (hertz * channels * bits) / 8, 8);
  content.writeUInt16LE(format.block ?? (channels * bits) / 8, 12);
  content.writeUInt16LE(bits, 14);
  return chunk('fmt ', content);
}

/** `statedBytes`: what its header says of its length. */
export function wav(dataBytes: number, formats = [wavFormat()], statedBytes = dataBytes): Buffer {
  const data = chunk('data', Buffer.alloc(dataBytes), statedBytes);
  const list = chunk('LIST', Buffer.alloc(11));
  const parts = [Buffer.from('WAVE'), ...formats, Buffer.concat([list, Buffer.alloc(1)]), data];
  return chunk('RIFF', Buffer.concat(parts), 8);
}

/** A frame of MPEG-1 layer III at 128 kbit/s and 44.1 kHz: 417 bytes, 1,152 samples. */
export const frame128 = frame(417, 0xfb, 0x90);
/** The slowest: MPEG-2.5 layer III at 8 kbit/s and 8 kHz: 72 bytes, 576 samples. */
export const frame8 = frame(72, 0xe3, 0x18);

export function frame(bytes: number, second: number, third: number): Buffer {
  const content = Buffer.alloc(bytes);
  content.set([0xff, second, third]);
  return content;
}

export const frames = (count: number, one: Buffer) =>
  Buffer.concat(Array.from({ length: count }, () => one));

/** A tag that says `statedBytes` of its length. */
export function id3(content: Buffer, statedBytes = content.length): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (statedBytes >> shift) & 127);
  return Buffer.concat([Buffer.from('ID3\x04\0\0'), Buffer.from(size), content]);
}
