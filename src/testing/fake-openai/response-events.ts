import { type Bill, type BilledFrame, FREE, outputBill, reasoningBill } from './frame.ts';
import { chunksOf, type Generation, hostedBills, obfuscationFor } from './generation.ts';
import { hostedItems } from './hosted-items.ts';
import { type FakeJson, isRecord } from './json.ts';
import {
  choiceOf,
  finishedResponse,
  outputOf,
  responseObject,
  textPart,
} from './response-object.ts';

/** Makes one event of a stream. Events are numbered from 0. */
type Emit = (type: string, members: FakeJson, bill?: Bill) => BilledFrame;

interface ItemEvents {
  readonly emit: Emit;
  readonly generation: Generation;
  readonly item: FakeJson;
  readonly index: number;
}

/** Generates the events of a stream, from `response.created` to `response.completed` or `.incomplete`. */
export function* responseFrames(generation: Generation): Generator<BilledFrame> {
  const emit = emitter();
  const begun = { response: responseObject(generation, 'in_progress', []) };
  yield emit('response.created', begun);
  yield emit('response.in_progress', begun);
  for (const [index, item] of outputOf(generation).entries()) {
    yield* itemFrames({ emit, generation, item, index });
  }
  const response = finishedResponse(generation);
  yield emit(`response.${response['status']}`, { response });
}

function emitter(): Emit {
  let sequence = 0;
  return (type, members, bill = FREE) => {
    const data = JSON.stringify({ type, sequence_number: sequence++, ...members });
    return { bytes: `event: ${type}\ndata: ${data}\n\n`, bill };
  };
}

function* itemFrames(events: ItemEvents): Generator<BilledFrame> {
  const { emit, item, index } = events;
  yield emit('response.output_item.added', { output_index: index, item: unfinished(item) });
  if (item['type'] === 'message') yield* messageFrames(events);
  if (item['type'] === 'function_call') yield* functionCallFrames(events);
  if (item['type'] === 'web_search_call') yield* searchFrames(events);
  const bill =
    item['type'] === 'reasoning'
      ? reasoningBill(events.generation.reasoningTokens)
      : hostedBill(events);
  yield emit('response.output_item.done', { output_index: index, item }, bill);
}

/** Returns an item as it is when it is added, without content. */
function unfinished(item: FakeJson): FakeJson {
  if (item['type'] === 'reasoning') return item;
  const begun: FakeJson = { ...item, status: 'in_progress' };
  if ('content' in item) begun['content'] = [];
  if ('arguments' in item) begun['arguments'] = '';
  return begun;
}

/** What the call of a hosted tool costs; nothing for any other item. */
function hostedBill({ generation, item }: ItemEvents): Bill {
  const index = hostedItems(generation).findIndex(({ id }) => id === item['id']);
  return hostedBills(generation)[index] ?? FREE;
}

function* messageFrames({ emit, generation, item, index }: ItemEvents): Generator<BilledFrame> {
  const { tokens } = choiceOf(generation);
  const place = { item_id: item['id'], output_index: index, content_index: 0 };
  const pads = obfuscates(generation);
  yield emit('response.content_part.added', { ...place, part: textPart('') });
  for (const [delta, count] of chunksOf(tokens, generation.call)) {
    const padding = pads ? { obfuscation: obfuscationFor(delta) } : {};
    const members = { ...place, delta, logprobs: [], ...padding };
    yield emit('response.output_text.delta', members, outputBill(count));
  }
  const text = tokens.join('');
  yield emit('response.output_text.done', { ...place, text, logprobs: [] });
  yield emit('response.content_part.done', { ...place, part: textPart(text) });
}

function obfuscates(generation: Generation): boolean {
  const options = generation.call.body['stream_options'];
  return !isRecord(options) || options['include_obfuscation'] !== false;
}

function* functionCallFrames({
  emit,
  generation,
  item,
  index,
}: ItemEvents): Generator<BilledFrame> {
  const place = { item_id: item['id'], output_index: index };
  const called = choiceOf(generation).toolCalls.find((call) => call.id === item['call_id']);
  for (const [delta, count] of chunksOf(called?.tokens ?? [], generation.call)) {
    const members = { ...place, delta, obfuscation: obfuscationFor(delta) };
    yield emit('response.function_call_arguments.delta', members, outputBill(count));
  }
  yield emit('response.function_call_arguments.done', { ...place, arguments: item['arguments'] });
}

function* searchFrames({ emit, item, index }: ItemEvents): Generator<BilledFrame> {
  const place = { item_id: item['id'], output_index: index };
  yield emit('response.web_search_call.in_progress', place);
  yield emit('response.web_search_call.searching', place);
  yield emit('response.web_search_call.completed', place);
}
