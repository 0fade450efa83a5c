// What `import.meta.url` is in the CommonJS build.
import { pathToFileURL } from 'node:url';

export const fileUrl = /* @__PURE__ */ pathToFileURL(__filename).href;
