// Every error says what happened, in which phase, and whether it is safe to send the request again. A timeout says which
// limit was exceeded and where the time went.
// Run it with `node examples/timeouts-and-errors.mjs`; in a clone, `npm run build` first.
import { Client, HTTPError, NetworkError, TimeoutError, Transport } from "trunkline";
import { FriendlyServer, WireServer } from "trunkline/testing";

const server = await FriendlyServer.start();
/** A server that closes each connection half-way through its response. */
const broken = await WireServer.start({
  script: async (connection) => {
    await connection.readRequest();
    await connection.reply("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    await connection.end();
  },
});

const transport = new Transport({ headersTimeout: 500 });
const client = new Client({ transport, throwOnError: true });

async function attempt(what, call) {
  try {
    await call();
    console.log(`${what}: fine`);
  } catch (error) {
    if (error instanceof TimeoutError) {
      console.log(`${what}: ${error.timeout} of ${error.milliseconds} ms passed in phase ${error.phase}`);
    } else if (error instanceof NetworkError) {
      console.log(`${what}: ${error.code} in phase ${error.phase}, safe to send again: ${error.retryable}`);
    } else if (error instanceof HTTPError) {
      console.log(`${what}: status ${error.status}`);
      await error.response.close();
    } else {
      console.log(`${what}: ${error instanceof Error ? error.name : String(error)}`);
    }
  }
}

await attempt("a slow answer", () => client.get(server.url("/delay/5000")));
await attempt("a limit for the whole call", () =>
  client.get(server.url("/drip/100?ms=20"), { timeout: 900 }).text(),
);
await attempt("an abort", () => client.get(server.url("/delay/5000"), { signal: AbortSignal.timeout(20) }));
await attempt("an answer cut off", () => client.get(broken.url("/")).text());
await attempt("nobody listens", () => client.get("http://127.0.0.1:9/"));
await attempt("a status of 404", () => client.get(server.url("/status/404")));
await attempt("a header that cannot be", () =>
  client.get(server.url("/"), { headers: { "x-a": "b\r\nc: d" } }),
);
await attempt("a good one", () => client.get(server.url("/json")).json());

await broken.close();
await transport.close();
await server.close();
