import { execFileSync } from 'node:child_process';
import { environment, expectGuarded, must, pass, withServer } from './calls.mjs';

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc'], { stdio: 'inherit' });
pass('the classic tsconfig of Nest: commonjs, node10');

const world = await environment();
await withServer(process.execPath, ['dist/main.js'], world, async () => {
  await expectGuarded(world.origin, world);
  must((await (await fetch(`${world.origin}/health`)).text()) === 'well', 'Nest’s own routes');
});
await world.fake.close();
pass('Nest 12: a call, a stream, a disconnect, a denial, and its own routes');
