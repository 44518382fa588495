// Trunkline through proxies that were not written with it in mind. `.ci/steps/35-proxies.sh` installs and runs them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client, Transport, type TransportOptions } from "../../src/index.js";
import { createAuthority, type WireScript, WireServer } from "../../src/testing/index.js";
import { rejection } from "../transport/support.js";
import {
  dante,
  microsocks,
  PASSWORD,
  ProxyProcess,
  type ProxyProgram,
  squid,
  tinyproxy,
  USER,
} from "./proxy-server.js";

const SEQUENTIAL = 30;
const BIG = 8 << 20;
/** Squid 5 cuts some forwarded bodies off that do not fit its buffers, those of other clients too. */
const FORWARDED_BY_SQUID = 1 << 20;
const authority = createAuthority();
const certificate = authority.issue({ names: ["localhost", "127.0.0.1"] });
const tls = { ca: authority.cert };
const credentials = `${USER}:${encodeURIComponent(PASSWORD)}`;

let plain: WireServer;
let secure: WireServer;
before(async () => {
  const script: WireScript = async (connection) => {
    for await (const request of connection.eachRequest()) {
      await connection.replyOk(request.method === "POST" ? request.body : request.target);
    }
  };
  plain = await WireServer.start({ script });
  secure = await WireServer.start({ script, tls: { key: certificate.key, cert: certificate.cert } });
});
after(async () => {
  await Promise.all([plain.close(), secure.close()]);
});

async function through(
  options: TransportOptions,
  run: (client: Client, transport: Transport) => Promise<void>,
): Promise<void> {
  const transport = new Transport({ tls, ...options });
  try {
    await run(new Client({ transport }), transport);
    assert.equal(transport.snapshot().totals.active, 0);
  } finally {
    transport.destroy();
  }
}

/** Runs the proxy for the tests of `body`; `url` is its address on one of its ports. */
function withProxy(
  name: string,
  program: () => ProxyProgram,
  body: (url: (scheme: string, port: number, user?: string) => string) => void,
): void {
  describe(name, () => {
    let running: ProxyProcess | undefined;
    before(async () => {
      running = await ProxyProcess.start(program());
    });
    after(() => running?.[Symbol.asyncDispose]());
    body(
      (scheme, port, user) =>
        `${scheme}://${user === undefined ? "" : `${user}@`}127.0.0.1:${running?.place.ports[port]}`,
    );
  });
}

/** What must work through every proxy: plain and TLS, reuse, large bodies both ways. */
async function works(options: TransportOptions, { shares = true, forwarded = BIG } = {}): Promise<void> {
  await through(options, async (client, transport) => {
    for (const server of [plain, secure]) {
      const origin = server.origin.replace("127.0.0.1", "localhost");
      for (let i = 0; i < SEQUENTIAL; i += 1)
        assert.match(await client.get(`${origin}/${i}`).text(), new RegExp(`/${i}$`));
      const body = Buffer.alloc(server === plain ? forwarded : BIG, server.origin);
      const echoed = await client.post(origin, { body }).bytes();
      assert.equal(Buffer.compare(Buffer.from(echoed), body), 0);
    }
    // A tunnel is opened once; a forwarding proxy may end its own side's connections as it likes.
    const records = transport.connections();
    const tunnels = records.filter(({ origin }) => origin.startsWith("https://localhost"));
    assert.equal(tunnels.length, 1);
    if (shares) assert.equal(records.length, 2);
  });
}

const bySquid = { forwarded: FORWARDED_BY_SQUID };
for (const auth of ["basic", "digest"] as const) {
  withProxy(
    `squid, ${auth}`,
    () => squid(auth, certificate),
    (url) => {
      test("forwards and tunnels for all", () => works({ proxy: url("http", 0) }, bySquid));
      test("forwards and tunnels over TLS", () => works({ proxy: url("https", 2) }, bySquid));
      test("takes the credentials that it asks for", () =>
        works(
          { proxy: url("http", 1, credentials), proxyAuth: auth },
          { ...bySquid, shares: auth === "basic" },
        ));
      test("refuses other credentials, and none", async () => {
        for (const user of [undefined, "user:wrong"]) {
          await through({ proxy: url("http", 1, user), proxyAuth: auth }, async (client) => {
            const refused = await client.get(plain.origin);
            assert.equal(refused.status, 407);
            await refused.close();
            const error = await rejection(client.get(secure.origin));
            assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_AUTH", error.message);
          });
        }
      });
      test("its refusals come with its words", async () => {
        await through({ proxy: url("http", 0) }, async (client) => {
          const page = await client.get("http://forbidden.example/");
          assert.equal(page.status, 403);
          await page.text();
          const error = await rejection(client.get("https://forbidden.example/"));
          assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_STATUS");
          assert.match(error.message, /with 403 Forbidden, and said ".*Access Denied/);
          const unreachable = await rejection(client.get("https://127.0.0.1:1/"));
          assert.match(unreachable.message, /answered CONNECT 127\.0\.0\.1:1 with 503/);
        });
      });
    },
  );
}

withProxy(
  "tinyproxy",
  () => tinyproxy,
  (url) => {
    test("forwards and tunnels with credentials", () =>
      works({ proxy: url("http", 0, `${USER}:password`) }, { shares: false }));
    test("refuses other credentials", async () => {
      await through({ proxy: url("http", 0, "user:wrong") }, async (client) => {
        const error = await rejection(client.get(secure.origin));
        assert.match(String(error["code"]), /^ERR_TRUNKLINE_PROXY_(AUTH|STATUS)$/, error.message);
      });
    });
  },
);

withProxy(
  "dante",
  () => dante,
  (url) => {
    test("tunnels names that it resolves", () => works({ proxy: url("socks5h", 0) }));
    test("tunnels names that are resolved here", () => works({ proxy: url("socks5", 0) }));
    test("its refusals are told", async () => {
      await through({ proxy: url("socks5h", 0) }, async (client) => {
        const error = await rejection(client.get("http://127.0.0.9:1/"));
        assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_STATUS", error.message);
        const closed = await rejection(client.get("http://127.0.0.1:1/"));
        assert.match(closed.message, /was refused by that host/);
      });
    });
  },
);

withProxy(
  "microsocks",
  () => microsocks,
  (url) => {
    test("tunnels with credentials", () => works({ proxy: url("socks5h", 0, credentials) }));
    test("refuses other credentials, and none", async () => {
      for (const user of [undefined, "user:wrong"]) {
        await through({ proxy: url("socks5h", 0, user) }, async (client) => {
          const error = await rejection(client.get(plain.origin));
          assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_AUTH", error.message);
        });
      }
    });
  },
);
