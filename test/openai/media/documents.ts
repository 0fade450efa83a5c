import { deflateSync } from 'node:zlib';

const page = (index: number) => `${index} 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n`;
const root = (kids: readonly number[]) =>
  `2 0 obj\n<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>\nendobj\n`;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 3);

/** A PDF whose pages are written as they are. */
export const pdf = (pages: number) =>
  Buffer.from(`%PDF-1.4\n${root(numbers(pages))}${numbers(pages).map(page).join('')}%%EOF`);

/** A PDF that shows one page many times. */
export const pdfOfOnePage = (pages: number) =>
  Buffer.from(`%PDF-1.4\n${root(Array.from({ length: pages }, () => 3))}${page(3)}%%EOF`);

/** A PDF whose pages are in compressed object streams, `perStream` in each. */
export function compressedPdf(pages: number, perStream = 100): Buffer {
  const parts = [Buffer.from('%PDF-1.5\n')];
  for (let first = 0; first < pages; first += perStream) {
    const own = numbers(pages).slice(first, first + perStream);
    const content = deflateSync(own.map(page).join(''));
    const dictionary = `9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length ${content.length} >>`;
    parts.push(Buffer.from(`${dictionary}\nstream\r\n`), content, Buffer.from('\nendstream\n'));
  }
  return Buffer.concat(parts);
}

export const fileUrl = (bytes: Uint8Array, type = 'application/pdf') =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
