import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { Request, Transport, type TransportOptions } from "../../src/index.js";
import { createAuthority, WireServer } from "../../src/testing/index.js";
import { httpProxy, type Refusal, socksProxy } from "./proxy-fixture.js";
import { rejection } from "./support.js";

const authority = createAuthority();
const certificate = authority.issue({ names: ["site.test", "proxy.test", "localhost", "127.0.0.1"] });
const tls = { ca: authority.cert };
const serverTls = { key: certificate.key, cert: certificate.cert };

/** Tells a proxy where the names of these tests are. */
const names = { "site.test": "127.0.0.1", "other.test": "127.0.0.1" };

async function body(
  transport: Transport,
  url: string,
  init?: ConstructorParameters<typeof Request>[1],
): Promise<string> {
  return (await transport.roundTrip(new Request(url, init))).text();
}

/** Runs with a transport that is gone afterwards. */
async function withTransport<T>(
  options: TransportOptions,
  run: (transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = new Transport(options);
  try {
    return await run(transport);
  } finally {
    transport.destroy();
  }
}

/** A proxy that answers the first connections as told, byte by byte. */
async function scripted(...replies: readonly string[]): Promise<WireServer> {
  const server = await WireServer.start();
  replies.forEach((reply, index) => {
    server.onConnection(index + 1, [{ expect: /\r\n\r\n$/ }, { reply }, "stall"]);
  });
  return server;
}

for (const scheme of ["http", "https"] as const) {
  // Go: TestTransportProxy
  test(`proxy ${scheme}: forwards plain requests in absolute form over one connection for all origins`, async () => {
    await withProxy(scheme, async ({ proxy, site, transport }) => {
      const port = site.port;
      for (const host of ["site.test", "other.test", "site.test"]) {
        assert.equal(await body(transport, `http://${host}:${port}/x?y=1`), "ok");
      }
      assert.deepEqual(proxy.log.seen, [
        `GET http://site.test:${port}/x?y=1`,
        `GET http://other.test:${port}/x?y=1`,
        `GET http://site.test:${port}/x?y=1`,
      ]);
      assert.equal(proxy.log.headers[1]?.host, `other.test:${port}`);
      assert.equal(proxy.log.connections, 1);
      const [record] = transport.connections();
      assert.equal(record?.route, `proxy ${scheme}://127.0.0.1:${proxy.port}`);
      assert.equal(record?.origin, `${scheme}://127.0.0.1:${proxy.port}`);
      assert.equal(transport.snapshot().origins[0]?.route, record?.route);
    });
  });

  // Go: TestTransportProxy
  test(`proxy ${scheme}: tunnels https by CONNECT, pools the tunnel, and records its time`, async () => {
    await withProxy(
      scheme,
      async ({ proxy, site, transport }) => {
        const origin = `https://site.test:${site.port}`;
        const response = await transport.roundTrip(new Request(`${origin}/a`));
        assert.equal(await response.text(), "ok");
        assert.equal(response.connection.tls?.authorized, true);
        assert.ok((response.timings.proxy ?? -1) >= 0);
        assert.equal(await body(transport, `${origin}/b`, { method: "POST", body: "x" }), "ok");
        assert.deepEqual(proxy.log.seen, [`CONNECT site.test:${site.port}`]);
        assert.equal(proxy.log.headers[0]?.["proxy-connection"], undefined);
        assert.equal(site.connections, 1);
        const [record] = transport.connections();
        assert.equal(record?.route, `proxy ${scheme}://127.0.0.1:${proxy.port} tls:custom`);
        assert.equal(record?.origin, origin);
        assert.ok((record?.dial.proxy ?? -1) >= 0 && (record?.dial.tls ?? -1) >= 0);
      },
      true,
    );
  });
}

async function withProxy(
  scheme: "http" | "https",
  run: (world: {
    proxy: Awaited<ReturnType<typeof httpProxy>>;
    site: WireServer;
    transport: Transport;
  }) => Promise<void>,
  secure = false,
): Promise<void> {
  await using site = await WireServer.start(secure ? { tls: serverTls } : {});
  await using proxy = await httpProxy({ names, ...(scheme === "https" ? { tls: serverTls } : {}) });
  const options = { tls, proxy: `${scheme}://127.0.0.1:${proxy.port}` };
  await withTransport(options, (transport) => run({ proxy, site, transport }));
}

test("proxy: large bodies both ways go through a tunnel whole", async () => {
  const size = 3_000_000;
  await using site = await WireServer.start({
    tls: serverTls,
    script: async (connection) => {
      for await (const request of connection.eachRequest()) await connection.replyOk(request.body);
    },
  });
  await using proxy = await httpProxy({ names });
  await withTransport({ tls, proxy: `127.0.0.1:${proxy.port}` }, async (transport) => {
    const response = await transport.roundTrip(
      new Request(`https://site.test:${site.port}/`, { method: "POST", body: Buffer.alloc(size, "abc") }),
    );
    assert.equal(Buffer.compare(Buffer.from(await response.bytes()), Buffer.alloc(size, "abc")), 0);
  });
});

// Go: TestProxyFromEnvironment, TestRoundTripReturnsProxyError
test("proxy: the environment's is used when the option is not given, false turns it off, a function chooses", async () => {
  await using site = await WireServer.start();
  await using proxy = await httpProxy({ names });
  const url = `http://site.test:${site.port}/`;
  const lookup: TransportOptions["lookup"] = (_host, _options, callback) =>
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  const before = process.env["HTTP_PROXY"];
  try {
    await withTransport({ lookup }, async (transport) => {
      process.env["HTTP_PROXY"] = `http://127.0.0.1:${proxy.port}`; // after the transport was made, before its first request
      assert.equal(await body(transport, url), "ok");
      assert.equal(proxy.log.seen.length, 1);
      assert.equal(await body(transport, `http://127.0.0.1:${site.port}/`), "ok");
      assert.equal(proxy.log.seen.length, 1);
    });
    await withTransport({ lookup, proxy: false }, (transport) => body(transport, url));
    assert.equal(proxy.log.seen.length, 1);
  } finally {
    if (before === undefined) delete process.env["HTTP_PROXY"];
    else process.env["HTTP_PROXY"] = before;
  }
  const asked: string[] = [];
  const choose = (request: { url: string }): string | null => {
    asked.push(request.url);
    return request.url.endsWith("/via") ? `http://127.0.0.1:${proxy.port}` : null;
  };
  await withTransport({ lookup, proxy: choose }, async (transport) => {
    await body(transport, `${url}via`);
    await body(transport, `${url}not`);
    assert.equal(proxy.log.seen.length, 2);
    assert.deepEqual(
      transport.connections().map(({ route }) => route),
      [`proxy http://127.0.0.1:${proxy.port}`, "direct"],
    );
  });
  assert.deepEqual(asked, [`${url}via`, `${url}not`]);
  const refused = await withTransport(
    {
      proxy: () => {
        throw new Error("no proxy today");
      },
    },
    (transport) => rejection(body(transport, url)),
  );
  assert.equal(refused.message, "no proxy today");
});

// Go: TestProxyAuthHeader
test("proxy: Basic credentials go along at once, on CONNECT and on each forwarded request", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using plain = await WireServer.start();
  await using proxy = await httpProxy({ names });
  await withTransport(
    { tls, proxy: `http://my%20name:pass%25%3Aword@127.0.0.1:${proxy.port}` },
    async (transport) => {
      await body(transport, `https://site.test:${site.port}/`);
      await body(transport, `http://site.test:${plain.port}/`);
      await body(transport, `http://site.test:${plain.port}/`, {
        headers: { "Proxy-Authorization": "Own 1" },
      });
      const basic = `Basic ${Buffer.from("my name:pass%:word").toString("base64")}`;
      assert.deepEqual(
        proxy.log.headers.map((headers) => headers["proxy-authorization"]),
        [basic, basic, "Own 1"],
      );
      const recorded = JSON.stringify([transport.recording(), transport.snapshot(), transport.explain()]);
      assert.ok(!recorded.includes("pass%"), "a record shows the password");
    },
  );
});

const CHALLENGE = 'Digest realm="p", qop="auth", nonce="n1", algorithm=SHA-256';
const NEEDS_AUTH: Refusal = { status: 407, headers: { "Proxy-Authenticate": CHALLENGE }, body: "auth" };

test("proxy: a Digest challenge is answered, and later requests answer ahead of it", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using plain = await WireServer.start();
  const verdict = ({ headers }: IncomingMessage): Refusal | undefined =>
    headers["proxy-authorization"]?.startsWith("Digest ") ? undefined : NEEDS_AUTH;
  await using proxy = await httpProxy({ names, verdict });
  const options: TransportOptions = { tls, proxy: `http://u:p@127.0.0.1:${proxy.port}`, proxyAuth: "digest" };
  await withTransport(options, async (transport) => {
    assert.equal(await body(transport, `https://site.test:${site.port}/`), "ok");
    assert.equal(
      await body(transport, `http://site.test:${plain.port}/a`, { method: "POST", body: "x" }),
      "ok",
    );
    const sent = proxy.log.headers.map((headers) => headers["proxy-authorization"] ?? "");
    assert.deepEqual(
      sent.map((header) => header.slice(0, 20)),
      ["", 'Digest username="u",', 'Digest username="u",'],
    );
    assert.match(sent[1] ?? "", new RegExp(`uri="site.test:${site.port}".*nc=00000001`));
    assert.match(sent[2] ?? "", new RegExp(`uri="http://site.test:${plain.port}/a".*nc=00000002`));
  });
  await withTransport(options, async (transport) => {
    assert.equal(
      await body(transport, `http://site.test:${plain.port}/a`, { method: "POST", body: "xyz" }),
      "ok",
    );
    const { totals } = transport.snapshot();
    assert.deepEqual([totals.requests, totals.opened, totals.active], [2, 1, 0]);
  });
});

test("proxy: credentials that a proxy refuses are tried once, and the refusal is the answer", async () => {
  await using proxy = await httpProxy({ verdict: () => NEEDS_AUTH });
  const via = `127.0.0.1:${proxy.port}`;
  await withTransport({ proxy: `http://u:wrong@${via}` }, async (transport) => {
    const response = await transport.roundTrip(new Request("http://site.test/"));
    assert.equal(response.status, 407);
    assert.equal(await response.text(), "auth");
    assert.equal(proxy.log.seen.length, 2);
    const error = await rejection(body(transport, "https://site.test/"));
    assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_AUTH");
    assert.match(
      error.message,
      /answered CONNECT site\.test:443 with 407 .*check the user name and password/,
    );
    assert.ok(!error.message.includes("wrong"));
  });
  const none = await withTransport({ proxy: `http://${via}` }, (transport) =>
    rejection(body(transport, "https://site.test/")),
  );
  assert.match(none.message, /it requires credentials: put them in the proxy's URL/);
});

// Go: TestTransportProxyConnectHeader, TestTransportProxyGetConnectHeader, TestOnProxyConnectResponse,
// TestTransportProxyDialDoesNotMutateProxyConnectHeader
test("proxyHeaders and onProxyConnect: fields of their own on CONNECT alone, and a look at the answer", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using plain = await WireServer.start();
  await using proxy = await httpProxy({ names });
  const headers = { "X-Team": "blue", "User-Agent": "mine" };
  const answers: unknown[] = [];
  const options: TransportOptions = {
    tls,
    proxy: `http://u:p@127.0.0.1:${proxy.port}`,
    proxyHeaders: headers,
    onProxyConnect: ({ proxy, target, status }) => void answers.push([proxy, target, status]),
  };
  await withTransport(options, async (transport) => {
    await body(transport, `https://site.test:${site.port}/`);
    await body(transport, `http://site.test:${plain.port}/`);
  });
  assert.deepEqual(
    proxy.log.headers.map((seen) => [seen["x-team"], seen["user-agent"]]),
    [
      ["blue", "mine"],
      [undefined, "trunkline"],
    ],
  );
  assert.deepEqual(answers, [[`http://127.0.0.1:${proxy.port}`, `site.test:${site.port}`, 200]]);
  assert.deepEqual(headers, { "X-Team": "blue", "User-Agent": "mine" });
  await withTransport(
    { ...options, proxyHeaders: async ({ target }) => ({ "X-Target": target }) },
    (transport) => body(transport, `https://site.test:${site.port}/`),
  );
  assert.equal(proxy.log.headers.at(-1)?.["x-target"], `site.test:${site.port}`);
  const failing = (more: TransportOptions): Promise<Error & Record<string, unknown>> =>
    withTransport({ ...options, ...more }, (transport) =>
      rejection(body(transport, `https://site.test:${site.port}/`)),
    );
  const vetoed = await failing({
    onProxyConnect: () => {
      throw new Error("not this one");
    },
  });
  assert.equal(vetoed["code"], "ERR_TRUNKLINE_PROXY_OPTION");
  assert.match(vetoed.message, /onProxyConnect threw .*not this one/);
  assert.match(
    (await failing({ proxyHeaders: () => Promise.reject(new Error("mine")) })).message,
    /proxyHeaders threw .*mine/,
  );
  assert.match((await failing({ proxyHeaders: { "X-A": "a\r\nb" } })).message, /X-A/i);
});

// Go: TestProxyWithInfiniteHeader, TestMissingStatusNoPanic
test("proxy: its refusals and nonsense are errors of phase proxy that say what it said", async () => {
  const page =
    "<html><head><title>t</title></head><style>b{}</style><b>Blocked</b> by\u001b[31m\r\n policy</html>";
  const rows: readonly (readonly [reply: string, code: string, message: RegExp])[] = [
    [
      `HTTP/1.1 403 Forbidden\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
      "STATUS",
      /with 403 Forbidden, and said "Blocked by \[31m policy"/,
    ],
    [
      "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "STATUS",
      /with 502 Bad, and said "hello"/,
    ],
    ["HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "STATUS", /with 502 Bad;/],
    ["HTTP/1.1 400\r\nContent-Length: 0\r\n\r\n", "STATUS", /with 400;/],
    ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "PROTOCOL", /did not answer CONNECT site\.test:443 in HTTP/],
    [`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(20_000)}`, "PROTOCOL", /in HTTP/],
  ];
  for (const [reply, code, message] of rows) {
    await using server = await scripted(reply);
    const error = await withTransport({ proxy: `http://127.0.0.1:${server.port}` }, (transport) =>
      rejection(body(transport, "https://site.test/")),
    );
    assert.equal(error["code"], `ERR_TRUNKLINE_PROXY_${code}`, error.message);
    assert.equal(error["phase"], "proxy");
    assert.match(error.message, message);
    await server.connection(1).then((connection) => connection.closed);
  }
});

// Go: TestTransportProxyHTTPSConnectLeak, TestTransportDialPreservesNetOpProxyError
test("proxy: one that is away, hangs up or never answers is an error of phase proxy", async () => {
  await using closing = await WireServer.start({ script: [{ expect: /\r\n\r\n$/ }, "end"] });
  const fail = (
    options: TransportOptions,
    url = "https://site.test/",
  ): Promise<Error & Record<string, unknown>> =>
    withTransport(options, (transport) => rejection(body(transport, url)));
  const hungUp = await fail({ proxy: `http://127.0.0.1:${closing.port}` });
  assert.equal(hungUp["code"], "ERR_TRUNKLINE_PROXY_CLOSED");
  await using silent = await WireServer.start({ script: ["stall"] });
  const late = await fail({ proxy: `http://127.0.0.1:${silent.port}`, proxyTimeout: 30 });
  assert.deepEqual([late.name, late["timeout"], late["phase"]], ["TimeoutError", "proxyTimeout", "proxy"]);
  await silent.connection(1).then((connection) => connection.closed);
  const socksLate = await fail({ proxy: `socks5h://127.0.0.1:${silent.port}`, proxyTimeout: 30 });
  assert.equal(socksLate["timeout"], "proxyTimeout");
  const gone = await WireServer.start();
  await gone.close();
  for (const url of ["https://site.test/", "http://site.test/"]) {
    const away = await fail({ proxy: `http://u:secret@127.0.0.1:${gone.port}` }, url);
    assert.deepEqual([away["code"], away["phase"]], ["ERR_TRUNKLINE_CONNECTION_REFUSED", "proxy"]);
    assert.match(
      away.message,
      new RegExp(`could not reach the proxy http://127\\.0\\.0\\.1:${gone.port}: could not connect`),
    );
    assert.ok(!away.message.includes("secret"));
  }
});

test("proxy: an abort while the proxy is asked ends the connection to it", async () => {
  await using silent = await WireServer.start({ script: ["stall"] });
  await withTransport({ proxy: `http://127.0.0.1:${silent.port}` }, async (transport) => {
    const abort = new AbortController();
    const failing = rejection(body(transport, "https://site.test/", { signal: abort.signal }));
    await silent.connection(1);
    abort.abort(new Error("enough"));
    assert.equal((await failing).message, "enough");
    transport.destroy();
    await silent.connection(1).then((connection) => connection.closed);
  });
});

// Go: TestSOCKS5Proxy
test("proxy socks5h: the proxy resolves names, for http and https, with credentials where it wants them", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using plain = await WireServer.start();
  await using proxy = await socksProxy({ names, auth: "u:p w" });
  await withTransport({ tls, proxy: `socks5h://u:p%20w@127.0.0.1:${proxy.port}` }, async (transport) => {
    assert.equal(await body(transport, `https://site.test:${site.port}/`), "ok");
    assert.equal(await body(transport, `http://site.test:${plain.port}/`), "ok");
    assert.equal(await body(transport, `http://site.test:${plain.port}/`), "ok");
    assert.deepEqual(proxy.log.seen, [`site.test:${site.port}`, `site.test:${plain.port}`]);
    assert.equal(transport.connections()[1]?.route, `proxy socks5h://127.0.0.1:${proxy.port}`);
    assert.equal(transport.connections()[1]?.origin, `http://site.test:${plain.port}`);
  });
  const wrong = await withTransport({ proxy: `socks5h://u:bad@127.0.0.1:${proxy.port}` }, (transport) =>
    rejection(body(transport, "http://site.test/")),
  );
  assert.deepEqual([wrong["code"], wrong["phase"]], ["ERR_TRUNKLINE_PROXY_AUTH", "proxy"]);
  const none = await withTransport({ proxy: `socks5h://127.0.0.1:${proxy.port}` }, (transport) =>
    rejection(body(transport, "http://site.test/")),
  );
  assert.equal(none["code"], "ERR_TRUNKLINE_PROXY_AUTH");
});

test("proxy socks5: names are resolved here, and the next address is tried when the proxy cannot reach one", async () => {
  await using plain = await WireServer.start();
  await using proxy = await socksProxy({ reply: (host) => (host === "127.0.0.9" ? 5 : 0) });
  const lookup: TransportOptions["lookup"] = (_host, _options, callback) =>
    callback(null, [
      { address: "127.0.0.9", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ]);
  await withTransport({ lookup, proxy: `socks5://127.0.0.1:${proxy.port}` }, async (transport) => {
    assert.equal(await body(transport, `http://site.test:${plain.port}/`), "ok");
    assert.deepEqual(proxy.log.seen, [`127.0.0.9:${plain.port}`, `127.0.0.1:${plain.port}`]);
  });
  for (const [code, words] of [
    [1, /could not connect and gave no reason/],
    [2, /does not allow the connection/],
    [4, /cannot reach or resolve that host/],
    [5, /was refused by that host/],
  ] as const) {
    await using refusing = await socksProxy({ reply: () => code });
    const error = await withTransport({ proxy: `socks5h://127.0.0.1:${refusing.port}` }, (transport) =>
      rejection(body(transport, "http://site.test/")),
    );
    assert.equal(error["code"], "ERR_TRUNKLINE_PROXY_STATUS");
    assert.match(error.message, words);
  }
  await using web = await WireServer.start({
    script: [{ expect: /^/ }, { reply: "HTTP/1.1 400 Bad\r\n\r\n" }, "stall"],
  });
  const nonsense = await withTransport({ proxy: `socks5h://127.0.0.1:${web.port}` }, (transport) =>
    rejection(body(transport, "http://site.test/")),
  );
  assert.equal(nonsense["code"], "ERR_TRUNKLINE_PROXY_PROTOCOL", nonsense.message);
});

test("allowAddress: a name that a proxy would resolve is refused, an address or a name resolved here is judged", async () => {
  await using plain = await WireServer.start();
  await using proxy = await httpProxy({ names });
  await using socks = await socksProxy({});
  const lookup: TransportOptions["lookup"] = (host, _options, callback) =>
    callback(null, [{ address: host === "bad.test" ? "127.0.0.3" : "127.0.0.1", family: 4 }]);
  const allowAddress = (address: string): boolean => address === "127.0.0.1";
  const outcome = (proxyURL: string, url: string): Promise<string> =>
    withTransport({ lookup, allowAddress, proxy: proxyURL }, (transport) =>
      body(transport, url).catch(
        (error: { code: string; message: string }) => `${error.code.slice(14)}: ${error.message}`,
      ),
    );
  const http = `http://127.0.0.1:${proxy.port}`;
  const { port } = plain;
  const wouldResolve = /^ADDRESS_NOT_ALLOWED: .*the proxy .* would resolve the name/;
  const refused = /^ADDRESS_NOT_ALLOWED: .*allowAddress refuses/;
  assert.match(await outcome(http, `http://site.test:${port}/`), wouldResolve);
  assert.match(await outcome(http, `https://site.test:${port}/`), wouldResolve);
  assert.match(await outcome(`socks5h://127.0.0.1:${socks.port}`, `http://site.test:${port}/`), wouldResolve);
  assert.match(await outcome(http, "http://127.0.0.2/"), refused);
  assert.match(await outcome(http, "https://127.0.0.2/"), refused);
  assert.match(await outcome(`socks5://127.0.0.1:${socks.port}`, `http://bad.test:${port}/`), refused);
  assert.equal(await outcome(http, `http://127.0.0.1:${port}/`), "ok");
  assert.equal(await outcome(`socks5://127.0.0.1:${socks.port}`, `http://site.test:${port}/`), "ok");
  assert.deepEqual([proxy.log.seen.length, socks.log.seen.length], [1, 1]);
});

test("proxy: a target that speaks first inside a tunnel loses no byte", async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  await using server = await WireServer.start();
  server.onConnection(1, async (connection) => {
    await connection.expect(/\r\n\r\n$/);
    // The answer to CONNECT, and a TLS alert right behind it in the same packet.
    await connection.reply(Buffer.from([...Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), 21, 3, 3, 0, 2, 2, 40]));
    await connection.closed;
  });
  const error = await withTransport({ proxy: `http://127.0.0.1:${server.port}` }, (transport) =>
    rejection(body(transport, "https://site.test/")),
  );
  assert.deepEqual([error["phase"], error["code"]], ["tls", "ERR_TRUNKLINE_TLS_HANDSHAKE"], answer);
});

test("preconnect: opens the tunnel ahead of need", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using proxy = await httpProxy({ names });
  await withTransport({ tls, proxy: `http://127.0.0.1:${proxy.port}` }, async (transport) => {
    const origin = `https://site.test:${site.port}`;
    await transport.preconnect(origin);
    assert.equal(await body(transport, origin), "ok");
    assert.deepEqual([site.connections, proxy.log.connections], [1, 1]);
  });
});

test("proxy: a closed tunnel is closed to its end, and an idle one does not keep the process alive", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  await using plain = await httpProxy({ names });
  await using secure = await httpProxy({ names, tls: serverTls });
  await using socks = await socksProxy({ names });
  const proxies = [
    `http://127.0.0.1:${plain.port}`,
    `https://127.0.0.1:${secure.port}`,
    `socks5h://127.0.0.1:${socks.port}`,
  ];
  const url = `https://site.test:${site.port}/`;
  for (const [index, proxy] of proxies.entries()) {
    await withTransport({ tls, proxy }, async (transport) => {
      assert.equal(await body(transport, url), "ok");
      await transport.close();
      await site.connection(index + 1).then((connection) => connection.closed);
    });
  }
  const script = `
    const { Transport, Request } = await import(${JSON.stringify(new URL("../../src/index.js", import.meta.url).href)});
    for (const proxy of ${JSON.stringify(proxies)}) {
      const transport = new Transport({ proxy, tls: { ca: ${JSON.stringify(authority.cert)} } });
      const response = await transport.roundTrip(new Request(${JSON.stringify(url)}));
      console.log(await response.text(), transport.snapshot().totals.idle);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { timeout: 10_000 });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  const [code, signal] = await once(child, "exit");
  assert.deepEqual([code, signal, output], [0, null, "ok 1\nok 1\nok 1\n"]);
});

test("proxy options: what cannot be used is refused when the transport is made", () => {
  for (const [options, message] of [
    [{ proxy: "ftp://x" }, /its scheme is ftp/],
    [{ proxy: "http://x", socketPath: "/run/s" }, /together with socketPath/],
    [{ proxyAuth: "ntlm" }, /must be basic or digest/],
    [{ proxyHeaders: "X: y" }, /must be headers/],
    [{ onProxyConnect: {} }, /must be a function/],
    [{ proxyTimeout: -1 }, /proxyTimeout/],
    [{ proxyConnectHeader: {} }, /did you mean proxyHeaders/],
  ] as const) {
    assert.throws(() => new Transport(options as TransportOptions), message, JSON.stringify(options));
  }
});

interface KeptRow {
  readonly name: string;
  /** What follows the status line of the refusal. */
  readonly refusal: string;
  readonly ends?: true;
  readonly connections: number;
}

const REFUSED = `HTTP/1.1 407 No\r\nProxy-Authenticate: ${CHALLENGE}\r\n`;

const KEPT: readonly KeptRow[] = [
  { name: "kept open", refusal: `${REFUSED}Content-Length: 4\r\n\r\nauth`, connections: 1 },
  {
    name: "kept open after chunks",
    refusal: `${REFUSED}Transfer-Encoding: chunked\r\n\r\n4\r\nauth\r\n0\r\n\r\n`,
    connections: 1,
  },
  { name: "kept open without a body", refusal: `${REFUSED}Content-Length: 0\r\n\r\n`, connections: 1 },
  {
    name: "said to close",
    refusal: `${REFUSED}Connection: close\r\nContent-Length: 4\r\n\r\nauth`,
    connections: 2,
  },
  {
    name: "ended without a word",
    refusal: `${REFUSED}Content-Length: 4\r\n\r\nauth`,
    ends: true,
    connections: 2,
  },
  {
    name: "followed by bytes nobody asked for",
    refusal: `${REFUSED}Content-Length: 4\r\n\r\nauthHTTP/1.1 200 OK\r\n\r\n`,
    connections: 2,
  },
  {
    name: "followed by such bytes behind chunks",
    refusal: `${REFUSED}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
    connections: 2,
  },
];

for (const { name, refusal, ends, connections } of KEPT) {
  test(`proxy: a challenge to CONNECT, ${name}, is answered on ${connections === 1 ? "the same connection" : "another one"}`, async () => {
    await using site = await WireServer.start({ tls: serverTls });
    await using proxy = await WireServer.start();
    proxy.script(async (connection) => {
      for (;;) {
        const head = await connection.readHead();
        if (head.header("proxy-authorization") === undefined) {
          await connection.reply(refusal);
          if (ends === true) return connection.end();
          continue;
        }
        const target = connect(site.port, "127.0.0.1");
        target.on("error", () => undefined);
        await connection.reply("HTTP/1.1 200 Connection established\r\n\r\n");
        target.pipe(connection.socket).pipe(target);
        await connection.closed;
        target.destroy();
        return;
      }
    });
    const options: TransportOptions = {
      tls,
      proxy: `http://u:p@127.0.0.1:${proxy.port}`,
      proxyAuth: "digest",
    };
    await withTransport(options, async (transport) => {
      assert.equal(await body(transport, `https://site.test:${site.port}/`), "ok");
    });
    assert.equal(proxy.connections, connections);
  });
}
