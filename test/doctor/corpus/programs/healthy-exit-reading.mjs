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
for (let index = 0; index < 4; index++) {
  http.get(server.url, { agent }, async (response) => {
    for await (const _chunk of response) await pause(1);
  });
  void fetch(server.url).then(async ({ body }) => {
    for await (const _chunk of body) await pause(1);
  });
}
await pause(300);
process.exit();
