/** kbit/s by the index in a frame's header. 0: the frame does not say how long it is. */
const bitrates = {
  version1: [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ],
  version2: [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ],
} as const;
const RATES_HZ = [44_100, 48_000, 32_000];
/** A header and the side information of the smallest frame. */
const FRAME_BYTES_MIN = 13;
const HEADER_BYTES = 4;

interface Frame {
  readonly bytes: number;
  readonly seconds: number;
}

/** The frame of each header, by its 2nd and 3rd byte; `undefined` where they begin none. */
const frames: readonly (Frame | undefined)[] = Array.from({ length: 0x10000 }, (_, header) =>
  frameOf(header >> 8, header & 0xff),
);
/** More than the bytes of the longest frame, and a power of 2. */
const WINDOW = 8_192;

function frameOf(second: number, third: number): Frame | undefined {
  const version = (second >> 3) & 3;
  const layer = 4 - ((second >> 1) & 3);
  const rateHz = RATES_HZ[(third >> 2) & 3];
  if ((second & 0xe0) !== 0xe0 || version === 1 || layer === 4 || rateHz === undefined) {
    return undefined;
  }
  const table = version === 3 ? bitrates.version1 : bitrates.version2;
  const kilobits = table[layer - 1]?.[third >> 4];
  if (kilobits === undefined) return undefined;
  const hertz = rateHz / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1_152;
  const slot = layer === 1 ? 4 : 1;
  const slots = Math.floor((samples * kilobits * 125) / (hertz * slot)) + ((third >> 1) & 1);
  return { bytes: Math.max(FRAME_BYTES_MIN, slots * slot), seconds: samples / hertz };
}

/**
 * Returns the most seconds that a decoder can get out of an MP3: the longest chain of frames, wherever
 * it begins and whatever lies between them. A file that hides frames in other frames, or in its tags, gains
 * nothing. `undefined`: its first bytes are those of another format. The time is linear.
 */
export function mp3Seconds(bytes: Buffer): number | undefined {
  if (!beginsLikeMp3(bytes)) return undefined;
  // The most seconds from a place on, for the last places. What lies behind the end has none.
  const most = new Float64Array(WINDOW);
  let rest = 0;
  for (let at = bytes.length - HEADER_BYTES; at >= 0; at--) {
    const frame = bytes[at] === 0xff ? frames[bytes.readUInt16BE(at + 1)] : undefined;
    if (frame !== undefined) {
      const after = at + frame.bytes < bytes.length ? most[(at + frame.bytes) % WINDOW] : 0;
      rest = Math.max(rest, frame.seconds + (after ?? 0));
    }
    most[at % WINDOW] = rest;
  }
  return rest;
}

/** A frame, or a tag and then a frame. */
function beginsLikeMp3(bytes: Buffer): boolean {
  let at = 0;
  while (bytes.toString('latin1', at, at + 3) === 'ID3' && at + 10 <= bytes.length) {
    at += 10 + bytes.subarray(at + 6, at + 10).reduce((size, byte) => size * 128 + (byte & 127), 0);
  }
  while (bytes[at] === 0) at++;
  if (at + HEADER_BYTES > bytes.length) return false;
  return bytes[at] === 0xff && frames[bytes.readUInt16BE(at + 1)] !== undefined;
}
