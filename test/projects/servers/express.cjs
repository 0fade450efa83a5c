// Express of both majors in CommonJS. The guard is ESM, and the adapter is required: two copies, one state.
const express = require(process.env.EXPRESS);
const { guardExpress } = require('guarded-completion/express');

import('./guard.mjs').then(({ guard }) => {
  const app = express();
  app.use(express.json());
  app.use('/v1', guardExpress(guard));
  app.listen(process.env.PORT);
});
