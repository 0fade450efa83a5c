import { readdirSync, readFileSync } from 'node:fs';

const sdk = new URL('../../node_modules/openai/', import.meta.url);

/** Every route that the official SDK can call, with ids filled in: `POST /responses`. */
export function sdkRoutes(): string[] {
  const call =
    /client\s*\.(get|post|delete|put|patch|getAPIList)\(\s*(?:\(0, path_1\.path\)\s*)?[`'](\/[^'`]*)[`']/g;
  const files = ['resources/', 'lib/'].flatMap((folder) =>
    readdirSync(new URL(folder, sdk), { recursive: true, encoding: 'utf8' }).map((f) => folder + f),
  );
  const routes = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(new URL(file, sdk), 'utf8').matchAll(call)])
    .map(([, verb = '', path = '']) => {
      const method = verb === 'getAPIList' ? 'GET' : verb.toUpperCase();
      return `${method} ${path.replace(/\$\{[^}]*\}/g, 'x1').replace(/\?.*$/, '')}`;
    });
  return [...new Set(routes)];
}
