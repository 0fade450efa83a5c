import { type FakeOpenAI, fakeOpenAI } from 'guarded-completion/testing';

/** The OpenAI behind the guard: a fake one that keeps its own invoice, or OpenAI itself. */
export interface Upstream {
  readonly apiKey: string;
  readonly baseURL: string | undefined;
  /** `undefined` for OpenAI itself. */
  readonly fake: FakeOpenAI | undefined;
  close(): Promise<void>;
}

const BETWEEN_PIECES_MS = 15;
const ANSWERS: ReadonlyArray<readonly [string, string]> = [
  ['sky', 'Because air scatters blue light more than red, and some of it reaches your eyes.'],
  ['tides', 'The moon pulls the water nearest to it a little more than the rest of the earth.'],
  ['bread', 'Yeast eats sugar and breathes out gas, which the dough catches in bubbles.'],
  ['novel', 'It was a quiet evening when the letter came, and nobody had expected it. '.repeat(20)],
];

/** Starts a fake OpenAI on this machine. With `--openai`, uses OpenAI itself, and the key in `OPENAI_API_KEY`. */
export async function startUpstream(command: readonly string[]): Promise<Upstream> {
  return command.includes('--openai') ? openAI() : startFake();
}

function openAI(): Upstream {
  const apiKey = process.env['OPENAI_API_KEY'];
  if (!apiKey) throw new Error('Set OPENAI_API_KEY to use "--openai".');
  const baseURL = process.env['OPENAI_BASE_URL'];
  return { apiKey, baseURL, fake: undefined, close: async () => {} };
}

async function startFake(): Promise<Upstream> {
  const fake = await fakeOpenAI();
  fake.script(/./, { betweenChunks: BETWEEN_PIECES_MS });
  for (const [topic, text] of ANSWERS) {
    fake.script(topic, { text, tokensPerChunk: 2, betweenChunks: BETWEEN_PIECES_MS });
  }
  const close = () => fake.close();
  return { apiKey: 'sk-demo-key-that-never-leaves', baseURL: fake.baseURL, fake, close };
}
