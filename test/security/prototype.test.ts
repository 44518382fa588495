import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  Client,
  type ClientOptions,
  defaultTransport,
  fetch,
  type Init,
  openCookieJar,
  Request,
  Transport,
  type TransportOptions,
} from "../../src/index.js";
import { createAuthority, WireServer } from "../../src/testing/index.js";
import { httpProxy, type TestProxy } from "../transport/proxy-fixture.js";

// Another package's fault can put members on Object.prototype. They must not become options: a proxy, a socket path, a
// query, a header. Every name that a source declares as optional is tried.

const FOLDERS = ["client", "errors", "http1", "message", "pool", "runtime", "trace", "transport"];

/** The names of all optional members that the sources declare. */
function optionalNames(): string[] {
  const names = new Set<string>();
  for (const folder of FOLDERS) {
    for (const file of readdirSync(join("src", folder), { recursive: true }) as string[]) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      const source = readFileSync(join("src", folder, file), "utf8");
      for (const [, name] of source.matchAll(/\b(\w+)\?[:(]/g)) names.add(name as string);
    }
  }
  return [...names].filter((name) => !(name in {}));
}

const authority = createAuthority();
let plain: WireServer;
let secure: WireServer;
let proxy: TestProxy;

const script = [{ repeat: ["readRequest", { replyOk: "ok" }] }] as const;

before(async () => {
  plain = await WireServer.start({ script: script as never });
  secure = await WireServer.start({
    script: script as never,
    tls: authority.issue({ names: ["127.0.0.1", "localhost"] }),
  });
  proxy = await httpProxy();
});
after(async () => {
  await plain.close();
  await secure.close();
  await proxy[Symbol.asyncDispose]();
});

/** One way to use the package; gives what came of it. */
type Use = () => Promise<unknown>;

async function call(
  options: TransportOptions,
  clientOptions: ClientOptions,
  act: (client: Client) => Promise<unknown>,
): Promise<unknown> {
  const transport = new Transport(options);
  try {
    return await act(new Client({ ...clientOptions, transport }));
  } finally {
    transport.destroy();
  }
}

const text = (url: string, init?: Init) => async (client: Client) => client.get(url, init).text();

const uses: Readonly<Record<string, Use>> = {
  "a GET": () => call({ proxy: false }, {}, text(plain.url())),
  "a POST": () => call({ proxy: false }, {}, (client) => client.post(plain.url(), { json: { a: 1 } }).text()),
  fetch: () =>
    call({ proxy: false }, {}, (client) =>
      client.fetch(plain.url(), { method: "PUT", body: "x" }).then((r) => r.text()),
    ),
  request: () =>
    call({ proxy: false }, {}, (client) =>
      client.fetch(new Request(plain.url(), { headers: { a: "b" } })).then((r) => r.text()),
    ),
  "options everywhere": () =>
    call(
      { proxy: false, happyEyeballs: {}, recorder: {}, tls: {}, tlsByOrigin: {}, dns: {} },
      {
        auth: { username: "u", password: "p" },
        retry: {},
        decompress: {},
        baseURL: plain.url(),
        cookies: true,
        trace: {},
      },
      (client) => client.get("/", { retry: {}, query: {}, trace: {} }).text(),
    ),
  reports: () =>
    call({ proxy: false }, {}, async (client) => {
      const response = await client.get(plain.url());
      await response.text();
      const transport = client.transport as Transport;
      return [typeof String(response.why()), typeof String(transport.explain())];
    }),
  https: () => call({ proxy: false, tls: { ca: authority.cert } }, {}, text(secure.url())),
  tunnel: () =>
    call({ proxy: `http://127.0.0.1:${proxy.port}`, tls: { ca: authority.cert } }, {}, text(secure.url())),
  forward: () => call({ proxy: `http://127.0.0.1:${proxy.port}` }, {}, text(plain.url())),
  "a GET by name": () => call({ proxy: false }, {}, text(plain.url().replace("127.0.0.1", "localhost"))),
};

const BATCH = 24;

/** Puts a member on every object that says where in the sources it is read. */
function pollute(name: string, reads: Set<string>): void {
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    enumerable: true, // as an assignment makes it
    get() {
      const [, , frame = ""] = new Error().stack?.split("\n") ?? [];
      const place = /\/src\/((?!testing|explain).*?:\d+)/.exec(frame)?.[1];
      if (place !== undefined) reads.add(`${name} in src/${place}`);
      return undefined;
    },
    set(value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
    },
  });
}

/** Read on Node's own sockets; and what descriptors have, with which no more could be tried here. */
const NODES = new Set(["encrypted", "_parent", "get", "set", "value", "writable"]);

test("options: nothing that is put on Object.prototype is read as an option, in any use", async () => {
  const reads = new Set<string>();
  const failures = new Set<string>();
  const base = new Map<string, string>();
  for (const [what, use] of Object.entries(uses)) base.set(what, String(await use()));
  const names = optionalNames().filter((name) => !NODES.has(name));
  // Many at a time, as a use through TLS and a proxy takes a while.
  for (let from = 0; from < names.length; from += BATCH) {
    const some = names.slice(from, from + BATCH);
    for (const name of some) pollute(name, reads);
    try {
      for (const [what, use] of Object.entries(uses)) {
        const result = await use().catch((error: unknown) => String(error));
        if (String(result) !== base.get(what))
          failures.add(`${what}: ${String(result)} (${some.join(", ")})`);
      }
    } finally {
      for (const name of some) delete (Object.prototype as Record<string, unknown>)[name];
    }
  }
  assert.deepEqual([...reads].sort(), []);
  assert.deepEqual([...failures], []);
});

test("options: a get and a set on Object.prototype, which no descriptor may take, end no request", async () => {
  for (const name of ["get", "set"]) {
    for (const [what, use] of Object.entries(uses)) {
      // Node's own TLS and HTTP server do not always stand it.
      if (["https", "tunnel", "forward"].includes(what)) continue;
      const base = String(await use());
      (Object.prototype as Record<string, unknown>)[name] = function polluted() {};
      try {
        assert.equal(String(await use()), base, `${name}, ${what}`);
      } finally {
        delete (Object.prototype as Record<string, unknown>)[name];
      }
    }
  }
});

test("options: hints on Object.prototype, which Node's resolver would take, end no request by name", async () => {
  const byName = uses["a GET by name"] as Use;
  (Object.prototype as Record<string, unknown>)["hints"] = "some";
  try {
    assert.equal(await byName(), "ok");
  } finally {
    delete (Object.prototype as Record<string, unknown>)["hints"];
  }
});

/** Values as a fault or an attacker puts them there, and what must come out all the same. */
const poisons: readonly (readonly [string, unknown])[] = [
  ["path", "/elsewhere"],
  ["domain", "elsewhere.test"],
  ["maxAge", 0],
  ["expires", new Date(0)],
  ["sameSite", "none"],
  ["loose", true],
  ["file", "/nowhere/cookies.json"],
  ["flush", "x"],
  ["info", true],
  ["agent", {}],
  ["dispatcher", {}],
  ["anything", () => assert.fail("it was called")],
];
for (const [name, value] of poisons) {
  test(`options: ${name} on Object.prototype changes no cookie, no decoding, no dial and no fetch`, async () => {
    const body = gzipSync("coded");
    const server = await WireServer.start({
      script: [
        {
          repeat: [
            "readRequest",
            {
              reply: Buffer.concat([
                Buffer.from(
                  `HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
                ),
                body,
              ]),
            },
          ],
        },
      ] as never,
    });
    const url = server.url("/sub/page");
    await openCookieJar(); // Node cannot load a module while there is such a path
    const transport = new Transport({ proxy: false });
    const client = new Client({ transport, cookies: true });
    const polluted = Object.prototype as Record<string, unknown>;
    const results: unknown[] = [];
    polluted[name] = value;
    try {
      results.push(await client.get(url).text());
      const jar = await openCookieJar();
      await jar.store("http://a.test/sub/page", ["a=b; SameSite=Lax"]);
      results.push(jar.cookiesFor("http://a.test/sub/other"), jar.cookiesFor("http://a.test/"));
      results.push(await (await fetch(url, { method: "POST", body: "x" })).text());
    } catch (error) {
      results.push(error);
    } finally {
      delete polluted[name];
    }
    transport.destroy();
    defaultTransport.closeIdle();
    await server.close();
    assert.deepEqual(results, ["coded", "a=b", "", "coded"]);
  });
}

test("options: members of an object's class count, as in fetch; those of Object.prototype do not", async () => {
  class Defaults {
    get method(): string {
      return "PUT";
    }
  }
  const polluted = Object.prototype as Record<string, unknown>;
  for (const isPolluted of [false, true]) {
    if (isPolluted) Object.assign(polluted, { json: { a: 1 }, query: { evil: "1" }, headers: { evil: "1" } });
    try {
      const init = Object.assign(new Defaults(), { body: "x" }) as Init;
      const request = new Request("http://a.test/", init);
      assert.equal(request.clone().headers.get("evil"), null);
      assert.equal(`${request.method} ${request.url} ${await request.text()}`, "PUT http://a.test/ x");
    } finally {
      for (const name of ["json", "query", "headers"]) delete polluted[name];
    }
  }
});
