import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Client, Transport } from "../../src/index.js";
import { block, rejection, turn } from "../transport/support.js";

/** In a thread of its own, so that a busy client finds the last bytes and what follows them in the kernel together. */
const SERVER = `
const { createServer } = require("node:net");
const { parentPort } = require("node:worker_threads");
createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", (data) => {
    const reset = data.includes("/reset");
    socket.write("HTTP/1.1 200 OK\\r\\n\\r\\npart");
    setTimeout(() => (reset ? socket.resetAndDestroy() : socket.end()), 5);
  });
}).listen(0, "127.0.0.1", function () { parentPort.postMessage(this.address().port); });
`;

test("Connection: a reset that comes together with the last bytes of a body without length does not end it", async () => {
  const server = new Worker(SERVER, { eval: true });
  const port = await new Promise<number>((resolve) => server.once("message", resolve));
  await using transport = new Transport();
  const client = new Client({ transport });
  const busy = async (path: string): Promise<string> => {
    const text = client.get(`http://127.0.0.1:${port}${path}`).text();
    text.catch(() => {});
    while (transport.snapshot().totals.active === 0) await turn();
    block(50);
    return text;
  };
  try {
    assert.equal(await busy("/end"), "part");
    const error = await rejection(busy("/reset"));
    assert.equal(error["code"], "ERR_TRUNKLINE_CONNECTION_RESET", String(error));
  } finally {
    await server.terminate();
  }
});
