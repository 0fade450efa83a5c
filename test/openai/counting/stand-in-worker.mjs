// Stands in for the counting worker: does what its job's body says.
import { parentPort, threadId } from 'node:worker_threads';

parentPort.on('message', ({ json }) => {
  const { does, answer = threadId } = JSON.parse(json);
  if (does === 'die') process.exit(1);
  if (does === 'throw') throw new Error('broken');
  if (does === 'fail') parentPort.postMessage(undefined);
  if (does === 'answer') parentPort.postMessage(answer);
});
