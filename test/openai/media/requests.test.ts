import { describe, expect, it } from 'vitest';
import { isDenial } from '../../../src/core/denial.ts';
import { attempt, chat, chatParts, items, parts, responses } from '../asking.ts';
import { fileUrl, pdf } from './documents.ts';
import { dataUrl, jpeg, png } from './images.ts';
import { frame128, frames, wav } from './recordings.ts';

const model = 'gpt-5.4';
const CONTEXT = 1_050_000;
const square = dataUrl(png(1_024, 1_024));
const broken = dataUrl(Buffer.from('no image'));
const web = 'https://x.example/a.png';
const SQUARE = 1_245;
const LARGEST = 3_016;

const tokensOf = (result: ReturnType<typeof attempt>) =>
  isDenial(result) ? result.message : result.extraInputTokens;
const input = (image_url: string, more = {}) => ({ type: 'input_image', image_url, ...more });
const ask = (image_url: string, more = {}, images = {}, name = model) =>
  tokensOf(responses({ model: name, ...parts(input(image_url, more)) }, { images }));

describe('Every place of a request that holds an image', () => {
  const allow = {
    images: {},
    stateful: {},
    prompts: { p: {} },
  };
  const image = input(square, { detail: 'high' });
  const output = { type: 'computer_screenshot', image_url: square };
  it.each([
    ['a message', parts(image), SQUARE],
    ['a message with a type', items({ type: 'message', role: 'user', content: [image] }), SQUARE],
    [
      'the result of a function',
      items({ type: 'function_call_output', call_id: 'c', output: [image] }),
      SQUARE,
    ],
    [
      'the result of a custom tool',
      items({ type: 'custom_tool_call_output', call_id: 'c', output: [image] }),
      SQUARE,
    ],
    ['a stored prompt', { prompt: { id: 'p', variables: { x: image } } }, SQUARE + CONTEXT],
    [
      'a screenshot',
      items({ type: 'computer_call_output', call_id: 'c', output }),
      SQUARE + CONTEXT,
    ],
    ['several', parts(image, image, image), 3 * SQUARE],
  ])('An image in %s counts by its pixels', (_, more, tokens) => {
    expect(tokensOf(responses({ model, ...more }, allow))).toBe(tokens);
    const counted = responses({ model, ...more }, allow);
    expect(counted).toMatchObject({ media: { files: 0, audio: 0 } });
  });

  it('An image in a chat message counts by its pixels, in every role', () => {
    for (const role of ['user', 'tool', 'system', 'assistant']) {
      const content = [{ type: 'image_url', image_url: { url: square, detail: 'high' } }];
      const asked = { model, messages: [{ role, content }] };
      expect(tokensOf(chat(asked, { images: {} }))).toBe(SQUARE);
    }
  });

  it('A screenshot at an address is rejected like any other image at one', () => {
    const item = { type: 'computer_call_output', output: { ...output, image_url: web } };
    expect(isDenial(responses({ model, ...items(item) }, allow))).toBe(true);
    const inline = { type: 'computer_call_output', output };
    const { images: _, ...without } = allow;
    expect(isDenial(responses({ model, ...items(inline) }, without))).toBe(true);
  });

  it('A moderated image is free, and its number is limited', () => {
    const image = { type: 'image_url', image_url: { url: broken } };
    const moderate = (...input: object[]) =>
      attempt(
        'moderations',
        { model: 'omni-moderation-latest', input },
        { images: { maxPerRequest: 1 } },
      );
    expect(tokensOf(moderate(image))).toBe(0);
    expect(isDenial(moderate(image, image))).toBe(true);
  });
});

describe('The bound of an image', () => {
  it('An image without detail counts as what the model takes for it', () => {
    expect(ask(dataUrl(jpeg(2_048, 2_048)))).toBe(LARGEST);
    expect(ask(dataUrl(jpeg(2_048, 2_048)), { detail: null })).toBe(LARGEST);
    expect(ask(dataUrl(jpeg(2_048, 2_048)), { detail: 'original' })).toBe(4_932);
    expect(ask(square, { detail: 'huge' })).toContain('detail" must be one of');
    expect(ask(square, { detail: ['low'] })).toContain('detail" must be one of');
  });

  it('An image that cannot be read, or is at an address, counts as the largest', () => {
    expect(ask(broken, { detail: 'high' })).toBe(LARGEST);
    expect(ask(dataUrl(png(200_000, 1)), { detail: 'high' })).toBe(LARGEST);
    expect(ask(web, { detail: 'high' }, { https: true })).toBe(LARGEST);
  });

  it('An image that nothing bounds is rejected, and the message says what to send', () => {
    for (const url of [web, broken]) {
      for (const more of [{}, { detail: 'auto' }, { detail: 'original' }]) {
        for (const name of ['gpt-5.6-sol', 'some-model']) {
          expect(ask(url, more, { https: true }, name)).toContain('"detail": "high"');
        }
      }
      expect(ask(url, { detail: 'high' }, { https: true }, 'gpt-5.6-sol')).toBe(LARGEST);
    }
    expect(ask(dataUrl(png(8_000, 6_000)), {}, {}, 'gpt-5.6-sol')).toBe(56_416);
  });

  it('The number of the plan rejects what may cost more, and lowers no count', () => {
    expect(ask(square, { detail: 'high' }, { tokensEach: 1_245 })).toBe(SQUARE);
    expect(ask(square, { detail: 'high' }, { tokensEach: 100_000 })).toBe(SQUARE);
    expect(ask(square, { detail: 'high' }, { tokensEach: 1_244 })).toContain('may need 1245');
  });

  it('The number of the plan is the bound for a model without a published rule', () => {
    expect(ask(square, {}, { tokensEach: 900 }, 'gpt-6-astra')).toBe(900);
    expect(ask(web, {}, { tokensEach: 900, https: true }, 'gpt-6-astra')).toBe(900);
    expect(ask(square, {}, {}, 'gpt-6-astra')).toBe(25_517);
  });
});

describe('The bound of a recording', () => {
  const hear = (data: Buffer, format: unknown, audio = {}) => {
    const input_audio = { data: data.toString('base64'), format };
    const part = { type: 'input_audio', input_audio };
    const results = [chat(chatParts(part), { audio }), responses(parts(part), { audio })];
    const [inChat, inResponses] = results.map(tokensOf);
    expect(inChat === inResponses || typeof inChat === 'string').toBe(true);
    return inChat;
  };

  it('A recording counts by its seconds', () => {
    expect(hear(wav(320_000), 'wav')).toBe(116);
    expect(hear(frames(1_000, frame128), 'mp3')).toBe(278);
  });

  it('The number of the plan rejects a longer recording, and lowers no count', () => {
    expect(hear(wav(320_000), 'wav', { tokensEach: 115 })).toContain('may need 116');
    expect(hear(wav(320_000), 'wav', { tokensEach: 50_000 })).toBe(116);
  });

  it('A recording that cannot be counted needs the number of the plan', () => {
    expect(hear(frames(9, frame128), 'wav')).toContain('must be an MP3, or an uncompressed WAV');
    expect(hear(frames(9, frame128), 'wav', { tokensEach: 700 })).toBe(700);
    expect(hear(wav(9), 'flac')).toContain('must be one of "wav", "mp3"');
  });
});

describe('The bound of a file', () => {
  const read = (file_data: string, files = {}, name = 'gpt-5-mini') => {
    const filed = parts({ type: 'input_file', filename: 'a', file_data });
    const chatted = chatParts({ type: 'file', file: { filename: 'a', file_data } });
    const results = [
      responses({ model: name, ...filed }, { files }),
      chat({ model: name, ...chatted }, { files }),
    ];
    const [first, second] = results.map(tokensOf);
    expect(first === second || typeof first === 'string').toBe(true);
    return first;
  };

  it('A text counts by its bytes, and other files by the plan or the whole context', () => {
    expect(read(fileUrl(Buffer.from('a text'), 'text/plain'))).toBe(0);
    expect(read(fileUrl(pdf(1)))).toBe(400_000);
    expect(read(fileUrl(pdf(1)), { tokensEach: 5_000 })).toBe(5_000);
    expect(read(fileUrl(pdf(1)), {}, 'some-model')).toContain('files.tokensEach');
  });

  it('A built request says that it holds files, images or audio, and the bytes of a file stay text', () => {
    const filed = parts({ type: 'input_file', file_data: fileUrl(pdf(1)) });
    expect(responses({ model, ...filed }, { files: {} })).toMatchObject({
      media: { images: 0, files: 1, audio: 0 },
      inlineBytes: 0,
    });
    expect(responses({ model }, { files: {} })).toMatchObject({ media: undefined });
  });
});
