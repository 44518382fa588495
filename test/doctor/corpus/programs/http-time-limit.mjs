// The program gives each request less time than the server takes, and one too little to connect. Mended: more.
import http from "node:http";
import { get, mended, pause, serve, times } from "../server.mjs";

const server = await serve({ handler: (_request, response) => pause(60).then(() => response.end("ok")) });
const agent = new http.Agent({ keepAlive: true });
const limit = mended ? 2000 : 20;
const url = `http://name.test:${server.port}`;
/** Answers at once: how long a name takes is not the point here. */
const lookup = (_name, { all }, done) =>
  all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
await times(8, () => get(url, { agent, limit, lookup }).catch(() => {}));
if (!mended) {
  const request = http.get(url, { agent, lookup: () => {} });
  setTimeout(() => request.destroy(new Error("time is up")), limit);
  await new Promise((resolve) => request.on("error", resolve));
}
server.close();
