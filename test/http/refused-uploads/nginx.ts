import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../../ledger/servers/postgres-server.ts';

/** Debian installs it in a folder that only root has in PATH. */
const FOLDERS = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)];
const BINARY = FOLDERS.map((folder) => join(folder, 'nginx')).find(existsSync);

/** Whether nginx is installed. If not, it warns loudly, and fails under CI. */
export function hasNginx(): boolean {
  if (BINARY !== undefined) return true;
  const reason = 'no "nginx" found: answers behind it are NOT tested';
  if (process.env['CI']) throw new Error(reason);
  console.warn(`\n***** ${reason} *****\n`);
  return false;
}

/** Our own nginx in front of a port of this machine, with its default settings but for these two. */
export async function startNginx(target: number, requestBuffering: 'on' | 'off') {
  const folder = await mkdtemp(join(tmpdir(), 'guarded-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, settings(folder, port, target, requestBuffering));
  const nginx = spawn(BINARY ?? 'nginx', ['-c', file, '-p', folder], { stdio: 'ignore' });
  const kill = () => nginx.kill('SIGKILL');
  // A test run that ends early leaves no process behind.
  process.once('exit', kill);
  await expect.poll(() => answers(port)).toBe(true);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exit = once(nginx, 'exit');
      kill();
      await exit;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

function settings(folder: string, port: number, target: number, buffering: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 50m;
    location / {
      proxy_pass http://127.0.0.1:${target};
      proxy_request_buffering ${buffering};
    }
  }
}
`;
}
