// The program ends while it reads: what it reads is not forgotten.
import http from "node:http";
import { pause, serve } from "../server.mjs";

const server = await serve({
  async handler(_request, response) {
    for (let part = 0; part < 200; part++) {
      response.write(Buffer.alloc(100_000));
      await pause(2);
    }
    response.end();
  },
});
const agent = new http.Agent({ keepAlive: true });
/** Reads slowly to the end; resolves when it has read more than any buffers hold. */
const begun = (body) =>
  new Promise((resolve) => {
    let read = 0;
    void (async () => {
      for await (const chunk of body) {
        if ((read += chunk.length) > 500_000) resolve();
        await pause(1);
      }
    })();
  });
const readers = Array.from({ length: 4 }, () => [
  new Promise((resolve) => http.get(server.url, { agent }, resolve)).then(begun),
  fetch(server.url).then(({ body }) => begun(body)),
]);
await Promise.all(readers.flat());
process.exit();
