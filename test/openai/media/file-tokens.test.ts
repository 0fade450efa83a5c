import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileTokensMost } from '../../../src/openai/media/file-tokens.ts';
import { pdfPages } from '../../../src/openai/media/pdf-pages.ts';
import { compressedPdf, fileUrl, pdf, pdfOfOnePage } from './documents.ts';

const word = Buffer.from('PK\x03\x04\0\0');
const PAGE_TOKENS = 1_860;

describe('The pages of a PDF', () => {
  it('Pages count as they are written, in object streams, and where one is shown again', () => {
    expect(pdfPages(pdf(7))).toBe(7);
    expect(pdfPages(compressedPdf(250))).toBe(250);
    expect(pdfPages(pdfOfOnePage(40))).toBe(40);
    expect(pdfPages(Buffer.from('%PDF-1.4 /Type /Pages /Type/Page'))).toBe(1);
  });

  it('An object stream that inflates without end is left at 16 MiB', () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024, '/Type /Page '));
    const head = Buffer.from('%PDF-1.5\n<< /Type /Page >> << /Type /ObjStm >>\nstream\n');
    expect(pdfPages(Buffer.concat([head, bomb]))).toBe(1);
  });

  it('No bytes make the counter throw', () => {
    const whole = compressedPdf(20, 5);
    const change = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }));
    const property = fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const mutated = Buffer.from(whole);
      for (const [at, byte] of changes) mutated[at] = byte;
      pdfPages(mutated);
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});

describe('The tokens of a file beyond its bytes', () => {
  it('Plain text needs none', () => {
    for (const text of ['a,b\n1,2', '{"a":1}', 'Grüße 漢字 🙂']) {
      const data = fileUrl(Buffer.from(text), 'text/plain');
      expect(fileTokensMost(data, 'gpt-5-mini', undefined)).toBe(0);
    }
  });

  it('A file that is not plain text needs the whole context where the plan states nothing', () => {
    const files = [
      fileUrl(pdf(1)),
      fileUrl(Buffer.from('%PDF-1.4 plain'), 'text/plain'),
      fileUrl(word),
      fileUrl(Buffer.from('text', 'utf16le'), 'text/plain'),
      Buffer.from(pdf(1)).toString('base64'),
      'data:text/plain,hello',
      'data:text/plain;base64,%%%',
    ];
    for (const data of files) {
      expect(fileTokensMost(data, 'gpt-5-mini-2025-08-07', undefined), data).toBe(400_000);
      expect(fileTokensMost(data, 'gpt-5.4', undefined)).toBe(1_050_000);
      expect(fileTokensMost(data, 'some-model', undefined)).toBeUndefined();
    }
  });

  it('A file needs what the plan states, and a PDF at least an image for each of its pages', () => {
    const most = (bytes: Buffer, model = 'gpt-5-mini') =>
      fileTokensMost(fileUrl(bytes), model, 5_000);
    expect(most(word)).toBe(5_000);
    expect(most(pdf(2))).toBe(5_000);
    expect(most(pdf(10))).toBe(10 * PAGE_TOKENS);
    expect(most(compressedPdf(1_000))).toBe(1_000 * PAGE_TOKENS);
    expect(most(pdf(10), 'gpt-5.6-sol')).toBe(10 * 3_016);
    expect(most(pdf(10), 'some-model')).toBe(5_000);
  });
});
