// A resolver that takes its time.
import { get, serve, together } from "../server.mjs";

const server = await serve();
function lookup(_host, options, done) {
  setTimeout(
    () => (options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)),
    120,
  );
}
await together(4, () => get(`http://slow.example:${server.port}`, { lookup }));
server.close();
