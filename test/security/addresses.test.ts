import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransportOptions } from "../../src/index.js";
import { httpProxy, socksProxy } from "../transport/proxy-fixture.js";
import { fetched, rejection, World } from "../transport/support.js";

const answers: Readonly<Record<string, () => unknown>> = {
  "a promise of true": async () => true,
  "a promise of false": async () => false,
  "a promise that rejects": async () => {
    throw new Error("no");
  },
  "a thenable": () => ({ then: () => {} }),
  "a string": () => "false",
  one: () => 1,
  "an object": () => ({}),
  nothing: () => undefined,
  "what is thrown": () => {
    throw new Error("the judge broke");
  },
};

test("allowAddress: only true allows, on every way to a server", async () => {
  await using world = await World.start({ script: [{ repeat: ["readRequest", { replyOk: "in" }] }] });
  await using forward = await httpProxy();
  await using socks = await socksProxy();
  const { port } = new URL(world.server.url());
  const literal = `http://127.0.0.1:${port}/`;
  const ways: readonly (readonly [string, string, TransportOptions])[] = [
    ["an address", literal, {}],
    ["a name", `http://localhost:${port}/`, {}],
    ["a forwarding proxy", literal, { proxy: `http://127.0.0.1:${forward.port}` }],
    ["a tunnel", `https://127.0.0.1:${port}/`, { proxy: `http://127.0.0.1:${forward.port}` }],
    ["a SOCKS proxy", literal, { proxy: `socks5://127.0.0.1:${socks.port}` }],
  ];
  for (const [way, url, options] of ways) {
    for (const [kind, answer] of Object.entries(answers)) {
      const transport = world.transport({ proxy: false, ...options, allowAddress: answer as () => boolean });
      const error = await rejection(fetched(transport, url));
      assert.equal(error["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED", `${way}, ${kind}: ${error.message}`);
      if (/promise|thenable/.test(kind))
        assert.match(error.message, /must return synchronously/, `${way}, ${kind}`);
      if (kind === "what is thrown") assert.match(error.message, /the judge broke/, way);
    }
  }
  assert.deepEqual([...forward.log.seen, ...socks.log.seen], []);
  assert.equal(world.server.connections, 0);
  const transport = world.transport({ proxy: false, allowAddress: () => true });
  assert.equal(await fetched(transport, literal), "in");
});
