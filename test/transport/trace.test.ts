import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import {
  Client,
  composeTraces,
  Request,
  type Trace,
  Transport,
  type TransportOptions,
} from "../../src/index.js";
import { createAuthority, WireServer } from "../../src/testing/index.js";
import { httpProxy, socksProxy } from "./proxy-fixture.js";
import { rejection, turns } from "./support.js";

const authority = createAuthority();
const certificate = authority.issue({ names: ["site.test", "127.0.0.1"] });
const serverTls = { key: certificate.key, cert: certificate.cert };
const tls = { ca: authority.cert };

const NAMES = [
  "getConnection",
  "queued",
  "dnsStart",
  "dnsDone",
  "connectStart",
  "connectDone",
  "proxyStart",
  "proxyDone",
  "tlsStart",
  "tlsDone",
  "gotConnection",
  "wroteHeaderField",
  "wroteHeaders",
  "wait100Continue",
  "got100Continue",
  "got1xxResponse",
  "wroteRequest",
  "gotFirstResponseByte",
  "bodyEnd",
  "released",
  "closed",
] as const satisfies readonly (keyof Trace)[];

interface Heard {
  readonly trace: Trace;
  readonly events: { readonly name: string; readonly event: Record<string, unknown> }[];
  /** Names alone, in order, without the fields of the head. */
  names(): string[];
  find(name: keyof Trace): Record<string, unknown>;
}

function listen(onEvent?: (name: string) => void): Heard {
  const events: Heard["events"] = [];
  const trace: Record<string, (event?: Record<string, unknown>) => void> = {};
  for (const name of NAMES) {
    trace[name] = (event = {}) => {
      events.push({ name, event });
      onEvent?.(name);
    };
  }
  return {
    trace: trace as Trace,
    events,
    names: () => events.map(({ name }) => name).filter((name) => name !== "wroteHeaderField"),
    find: (name) => events.find((each) => each.name === name)?.event ?? assert.fail(`no ${name}`),
  };
}

async function withClient<T>(options: TransportOptions, run: (client: Client) => Promise<T>): Promise<T> {
  const transport = new Transport(options);
  try {
    return await run(new Client({ transport }));
  } finally {
    transport.destroy();
  }
}

const lookup: TransportOptions["lookup"] = (_host, _options, callback) =>
  callback(null, [{ address: "127.0.0.1", family: 4 }]);

// Go: TestTransportEventTrace, TestTLSHandshakeTrace
test("trace: describes every step of a first request over TLS, in order, with its facts", async () => {
  await using server = await WireServer.start({ tls: serverTls });
  await withClient({ tls, lookup }, async (client) => {
    const heard = listen();
    const url = `https://site.test:${server.port}/a`;
    const response = await client.get(url, { trace: heard.trace, headers: { "X-A": "1" } });
    await response.text();
    assert.deepEqual(heard.names(), [
      "getConnection",
      "dnsStart",
      "dnsDone",
      "connectStart",
      "queued",
      "connectDone",
      "tlsStart",
      "tlsDone",
      "gotConnection",
      "wroteHeaders",
      "wroteRequest",
      "gotFirstResponseByte",
      "bodyEnd",
      "released",
    ]);
    const { id } = response.connection;
    assert.deepEqual(heard.find("getConnection"), {
      origin: new URL(url).origin,
      route: "direct tls:custom",
    });
    assert.deepEqual(heard.find("dnsDone"), { host: "site.test", addresses: ["127.0.0.1"] });
    assert.deepEqual(heard.find("connectStart"), { address: "127.0.0.1", port: server.port });
    assert.equal(heard.find("connectDone")["outcome"], "connected");
    assert.equal(heard.find("tlsDone")["version"], "TLSv1.3");
    assert.deepEqual(heard.find("gotConnection"), { connection: id, reused: false });
    assert.deepEqual(heard.find("queued"), { waiting: 1, dialing: 1 });
    assert.deepEqual(heard.find("released"), { connection: id, to: "idle" });
    const fields = heard.events.filter(({ name }) => name === "wroteHeaderField").map(({ event }) => event);
    assert.deepEqual(fields[0], { name: "Host", value: `site.test:${server.port}` });
    assert.ok(fields.some(({ name, value }) => name === "X-A" && value === "1"));

    const again = listen();
    await (await client.get(url, { trace: again.trace })).text();
    assert.deepEqual(again.names(), [
      "getConnection",
      "gotConnection",
      "wroteHeaders",
      "wroteRequest",
      "gotFirstResponseByte",
      "bodyEnd",
      "released",
    ]);
    assert.equal(again.find("gotConnection")["reused"], true);
  });
});

test("trace: a streamed upload is written when its end is; the connection's end has its reason", async () => {
  await using server = await WireServer.start({
    script: [
      "readRequest",
      { reply: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" },
      { reply: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" },
      "stall",
    ],
  });
  await withClient({}, async (client) => {
    const heard = listen();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("abc");
    }
    await (await client.post(server.origin, { trace: heard.trace, body: chunks() as never })).text();
    const after = heard.names().slice(heard.names().indexOf("gotConnection"));
    assert.deepEqual(after, [
      "gotConnection",
      "wroteHeaders",
      "wroteRequest",
      "gotFirstResponseByte",
      "got1xxResponse",
      "got100Continue",
      "got1xxResponse",
      "bodyEnd",
      "closed",
    ]);
    assert.deepEqual(heard.find("got1xxResponse"), { status: 103, headers: [["link", "</a>"]] });
    assert.equal(heard.find("closed")["reason"], "server-said-close");
  });
});

test("trace: a body held back for 100 is reported, and the answer that lets it go", async () => {
  await using server = await WireServer.start({
    script: async (connection) => {
      await connection.readHead();
      await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
      await connection.expect("abc");
      await connection.reply("HTTP/1.1 204 No Content\r\n\r\n");
      await connection.closed;
    },
  });
  await withClient({}, async (client) => {
    const heard = listen();
    await client.post(server.origin, { trace: heard.trace, body: "abc", expectContinue: true });
    const after = heard.names().slice(heard.names().indexOf("wroteHeaders"), -1);
    assert.deepEqual(after, [
      "wroteHeaders",
      "wait100Continue",
      "gotFirstResponseByte",
      "got100Continue",
      "got1xxResponse",
      "wroteRequest",
      "bodyEnd",
    ]);
  });
});

test("trace: failures are reported: of the lookup, of each address, of a body cut short", async () => {
  const failing: TransportOptions["lookup"] = (_host, _options, callback) =>
    callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), []);
  await withClient({ lookup: failing }, async (client) => {
    const heard = listen();
    await rejection(client.get("http://site.test/", { trace: heard.trace }));
    assert.deepEqual(heard.names().slice(-2), ["dnsDone", "queued"]);
    assert.match(String(heard.find("dnsDone")["error"]), /no such name/);
  });
  const gone = await WireServer.start();
  await gone.close();
  await withClient({}, async (client) => {
    const heard = listen();
    await rejection(client.get(gone.origin, { trace: heard.trace }));
    assert.equal(heard.find("connectDone")["outcome"], "refused");
    assert.ok(heard.find("connectDone")["error"] instanceof Error);
  });
  await using cutting = await WireServer.start({
    script: ["readRequest", { reply: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" }, "end"],
  });
  await withClient({}, async (client) => {
    const heard = listen();
    const response = await client.get(cutting.origin, { trace: heard.trace });
    await rejection(response.text());
    assert.ok(heard.find("bodyEnd")["error"] instanceof Error);
    assert.equal(heard.find("closed")["reason"], "server-closed-mid-response");
  });
});

// Go: TestTransportEventTraceTLSVerify
test("trace: a certificate that is refused ends the handshake's events with its error", async () => {
  await using server = await WireServer.start({ tls: serverTls });
  await withClient({}, async (client) => {
    const heard = listen();
    const error = await rejection(client.get(server.origin, { trace: heard.trace }));
    assert.equal(error["code"], "ERR_TRUNKLINE_TLS_UNTRUSTED");
    const dial = heard.names().filter((name) => name.startsWith("tls"));
    assert.deepEqual(dial, ["tlsStart", "tlsDone"]);
    assert.match(String(heard.find("tlsDone")["error"]), /unable to verify|self-signed/);
  });
});

// Go: TestTransportEventTrace_NoHooks, TestTransportEventTraceRealDNS
test("trace: one without hooks changes nothing; a real lookup is reported", async () => {
  await using server = await WireServer.start();
  await withClient({}, async (client) => {
    const url = `http://localhost:${server.port}/`;
    assert.equal(await (await client.get(url, { trace: {} })).text(), "ok");
  });
  await withClient({}, async (client) => {
    const heard = listen();
    assert.equal(await client.get(`http://localhost:${server.port}/`, { trace: heard.trace }).text(), "ok");
    assert.deepEqual(heard.find("dnsStart"), { host: "localhost" });
    assert.ok((heard.find("dnsDone")["addresses"] as string[]).includes("127.0.0.1"));
  });
});

test("trace: a proxy's part is reported, and TLS events are the target's", async () => {
  await using site = await WireServer.start({ tls: serverTls });
  const names = { "site.test": "127.0.0.1" };
  await using https = await httpProxy({ names, tls: serverTls });
  await using socks = await socksProxy({ names });
  for (const proxy of [`https://127.0.0.1:${https.port}`, `socks5h://127.0.0.1:${socks.port}`]) {
    await withClient({ tls, proxy }, async (client) => {
      const heard = listen();
      await (await client.get(`https://site.test:${site.port}/`, { trace: heard.trace })).text();
      const dial = heard.names().filter((name) => /^(connect|proxy|tls|gotConn)/.test(name));
      assert.deepEqual(dial, [
        "connectStart",
        "connectDone",
        "proxyStart",
        "proxyDone",
        "tlsStart",
        "tlsDone",
        "gotConnection",
      ]);
      assert.deepEqual(heard.find("proxyStart"), { proxy, target: `site.test:${site.port}` });
      assert.equal(heard.find("tlsStart")["host"], "site.test");
    });
  }
  await withClient({ proxy: `socks5h://127.0.0.1:${https.port}`, proxyTimeout: 30 }, async (client) => {
    const heard = listen();
    await rejection(client.get("http://site.test/", { trace: heard.trace }));
    assert.ok(heard.find("proxyDone")["error"] instanceof Error);
  });
});

test("trace: a client's comes before a call's, and a request made elsewhere keeps its own", async () => {
  await using server = await WireServer.start();
  await withClient({}, async (client) => {
    const told: string[] = [];
    const tracing = client.extend({ trace: { wroteHeaders: () => told.push("client") } });
    const mine: Trace = { wroteHeaders: () => told.push("call") };
    await (await tracing.get(server.origin, { trace: mine })).text();
    await (await tracing.get(server.origin)).text();
    const request = new Request(server.origin);
    await (await tracing.do(request, { trace: mine })).text();
    await (await client.do(request, { trace: mine })).text();
    assert.deepEqual(told, ["client", "call", "client", "client", "call", "call"]);
  });
});

test("trace: a released connection that another request waits for goes to it", async () => {
  await using server = await WireServer.start();
  await withClient({ maxConnectionsPerOrigin: 1 }, async (client) => {
    const heard = listen();
    const both = [client.get(server.origin, { trace: heard.trace }), client.get(server.origin)];
    for (const response of both) await (await response).text();
    assert.equal(heard.find("released")["to"], "waiter");
  });
});

test("trace: hooks run in the async context of their call, and one that throws hurts nothing", async () => {
  await using server = await WireServer.start();
  const context = new AsyncLocalStorage<string>();
  const surfaced: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => surfaced.push(error));
  try {
    await withClient({}, async (client) => {
      const contexts = new Set<unknown>();
      const heard = listen(() => contexts.add(context.getStore()));
      const throwing: Trace = {
        gotConnection: () => {
          throw new Error("mine");
        },
      };
      const trace = composeTraces(heard.trace, throwing);
      const response = await context.run("call", () => client.get(server.origin, { trace }));
      assert.equal(await response.text(), "ok");
      await turns(2);
      assert.deepEqual([...contexts], ["call"]);
      assert.deepEqual(surfaced.map(String), ["Error: mine"]);
    });
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
});
