const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const RATE_MAX_HZ = 192_000;
const CHANNELS_MAX = 8;
const WIDTH_MAX = 8;
const PARTS_MAX = 64;

/**
 * Returns the seconds of an uncompressed WAV: the bytes that are there, at the slowest rate that its
 * format can be read as. What the header says of its length does not count. `undefined`: not one, a
 * compressed one, or a format that is not plausible.
 */
export function wavSeconds(bytes: Buffer): number | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    return undefined;
  let bytesPerSecond: number | undefined;
  let at = 12;
  for (let parts = 0; parts < PARTS_MAX && at + 8 <= bytes.length; parts++) {
    const kind = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (kind === 'data') return bytesPerSecond && (bytes.length - at - 8) / bytesPerSecond;
    if (kind === 'fmt ') {
      // A decoder may follow the first or the last of several.
      if (bytesPerSecond !== undefined) return undefined;
      bytesPerSecond = slowestRate(bytes.subarray(at + 8, at + 8 + length));
      if (bytesPerSecond === undefined) return undefined;
    }
    at += 8 + length + (length & 1);
  }
  return undefined;
}

/** Three fields of a format state its rate. Decoders differ in which they use. */
function slowestRate(format: Buffer): number | undefined {
  if (format.length < 16 || !isUncompressed(format)) return undefined;
  const channels = format.readUInt16LE(2);
  const hertz = format.readUInt32LE(4);
  const stated = format.readUInt32LE(8);
  const block = format.readUInt16LE(12);
  const width = Math.ceil(format.readUInt16LE(14) / 8);
  const plausible = hertz <= RATE_MAX_HZ && channels <= CHANNELS_MAX && width <= WIDTH_MAX;
  const slowest = Math.min(hertz * channels * width, hertz * block, stated);
  return plausible && slowest > 0 ? slowest : undefined;
}

function isUncompressed(format: Buffer): boolean {
  const tag = format.readUInt16LE(0);
  const kind = tag === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : tag;
  return kind === PCM || kind === FLOAT;
}
