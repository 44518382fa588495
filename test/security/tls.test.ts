import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { Client, Transport, type TransportOptions } from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";
import { httpProxy, socksProxy, type TestProxy } from "../transport/proxy-fixture.js";

// SECURITY.md: only code turns verification off, for one transport; no environment variable does.

const known = createAuthority();
const unknown = createAuthority();
const variable = "NODE_TLS_REJECT_UNAUTHORIZED";
const ended: (() => void)[] = [];
let server: Server;
let url: string;
let http: TestProxy;
let https: TestProxy;
let socks: TestProxy;

before(async () => {
  process.env[variable] = "0";
  process.removeAllListeners("warning"); // Node warns about the variable, once
  server = createServer(unknown.issue({ names: ["127.0.0.1", "localhost"] }), (socket) => {
    socket.on("error", () => {});
    socket.on("data", () =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil"),
    );
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  http = await httpProxy();
  https = await httpProxy({ tls: unknown.issue({ names: ["127.0.0.1"] }) });
  socks = await socksProxy();
});

after(async () => {
  delete process.env[variable];
  for (const end of ended) end();
  server.close();
  for (const proxy of [http, https, socks]) await proxy[Symbol.asyncDispose]();
});

async function codeOf(options: TransportOptions, at = url): Promise<string> {
  const transport = new Transport({ proxy: false, ...options });
  ended.push(() => transport.destroy());
  try {
    return await new Client({ transport }).get(at).text();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

// `undefined` in an option is what `rejectUnauthorized: process.env.X ? … : undefined` gives; types may forbid it.
const loose = (options: object): TransportOptions => options as TransportOptions;

test("Transport: verifies certificates when NODE_TLS_REJECT_UNAUTHORIZED=0, on every way to a server", async () => {
  const origin = new URL(url).origin;
  const ways: Record<string, TransportOptions> = {
    "no options": {},
    "tls: {}": { tls: {} },
    "tls: { ca }": { tls: { ca: known.cert } },
    "tls: undefined": loose({ tls: undefined }),
    "tls: { rejectUnauthorized: undefined }": loose({ tls: { rejectUnauthorized: undefined } }),
    "tls: { rejectUnauthorized: true }": { tls: { rejectUnauthorized: true } },
    tlsByOrigin: { tlsByOrigin: { [origin]: { minVersion: "TLSv1.2" } } },
    "tlsByOrigin, undefined": loose({ tlsByOrigin: { [origin]: { rejectUnauthorized: undefined } } }),
    "a tunnel": { proxy: `http://127.0.0.1:${http.port}` },
    "a SOCKS proxy": { proxy: `socks5://127.0.0.1:${socks.port}` },
    dial: { dial: async ({ host, port }) => connect(port, host) },
  };
  for (const [way, options] of Object.entries(ways)) {
    assert.equal(await codeOf(options), "ERR_TRUNKLINE_TLS_UNTRUSTED", way);
  }
});

test("Transport: verifies an https proxy when NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
  const proxy = `https://127.0.0.1:${https.port}`;
  for (const options of [{}, { proxyTls: {} }, loose({ proxyTls: { rejectUnauthorized: undefined } })]) {
    assert.equal(await codeOf({ proxy, ...options }), "ERR_TRUNKLINE_TLS_UNTRUSTED");
    assert.equal(await codeOf({ proxy, ...options }, "http://127.0.0.1:9/"), "ERR_TRUNKLINE_TLS_UNTRUSTED");
  }
  assert.deepEqual(https.log.seen, []);
});

test("Transport: verifies after updateTls when NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
  const transport = new Transport({ proxy: false, tls: { rejectUnauthorized: false } });
  ended.push(() => transport.destroy());
  const client = new Client({ transport });
  assert.equal(await client.get(url).text(), "evil");
  await transport.updateTls({ tls: {} });
  await assert.rejects(client.get(url).text(), { code: "ERR_TRUNKLINE_TLS_UNTRUSTED" });
});

test("Transport: tls.rejectUnauthorized: false turns verification off for its own transport", async () => {
  assert.equal(await codeOf({ tls: { rejectUnauthorized: false } }), "evil");
  assert.equal(await codeOf({}), "ERR_TRUNKLINE_TLS_UNTRUSTED");
});

test("Transport: a member of tlsByOrigin that is undefined does not take away what tls says", async () => {
  const origin = new URL(url).origin;
  let asked = 0;
  const checkServerIdentity = (): Error => {
    asked += 1;
    return new Error("pinned to another");
  };
  const options = loose({
    tls: { ca: unknown.cert, checkServerIdentity },
    tlsByOrigin: { [origin]: { ca: undefined, checkServerIdentity: undefined } },
  });
  assert.notEqual(await codeOf(options), "evil");
  assert.equal(asked, 1);
});

test("Transport: refuses a rejectUnauthorized and a checkServerIdentity of another kind", () => {
  for (const value of [0, "", "false", null]) {
    assert.throws(() => new Transport(loose({ tls: { rejectUnauthorized: value } })), {
      name: "TypeError",
      message: /^Cannot use tls\.rejectUnauthorized: it must be true or false, not /,
    });
  }
  assert.throws(() => new Transport(loose({ proxyTls: { checkServerIdentity: true } })), {
    message: /^Cannot use proxyTls\.checkServerIdentity: it must be a function/,
  });
});
