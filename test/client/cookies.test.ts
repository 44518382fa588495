import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Client, type CookieJar, openCookieJar, Transport } from "../../src/index.js";
import { FriendlyServer, type MockAnswer, mockTransport } from "../../src/testing/index.js";

const sets = (...cookies: string[]): [string, string][] => cookies.map((cookie) => ["set-cookie", cookie]);

/** A server by path; what it has no answer for says which cookies came. */
function world(answers: Record<string, MockAnswer>) {
  return mockTransport(
    (request) => answers[new URL(request.url).pathname] ?? request.headers.get("cookie") ?? "none",
  );
}

describe("cookies", () => {
  test("true: cookies come back to their host, and extend shares the jar", async () => {
    const client = new Client({
      transport: world({ "/in": { headers: sets("a=1; Path=/", "b=2; Path=/x") } }),
      cookies: true,
    });
    await client.get("http://a.test/in");
    assert.equal(await client.get("http://a.test/").text(), "a=1");
    assert.equal(await client.get("http://a.test/x").text(), "b=2; a=1");
    assert.equal(await client.get("http://b.test/").text(), "none");
    assert.equal(
      await client
        .extend({ headers: { "x-a": "1" } })
        .get("http://a.test/")
        .text(),
      "a=1",
    );
  });

  test("false: the client has no jar, when it is made from one that has", async () => {
    const client = new Client({ transport: world({ "/in": { headers: sets("a=1") } }), cookies: true });
    await client.get("http://a.test/in");
    assert.equal(await client.extend({ cookies: false }).get("http://a.test/").text(), "none");
  });

  test("redirect: a hop's cookies go along with the next one", async () => {
    const transport = world({
      "/login": {
        status: 302,
        headers: [
          ["location", "/home"],
          ["set-cookie", "session=s; HttpOnly"],
        ],
      },
    });
    const client = new Client({ transport, cookies: true });
    assert.equal(await client.post("http://a.test/login", { form: { user: "u" } }).text(), "session=s");
  });

  test("redirect: over our own transport, with the fast path's first exchange", async () => {
    await using server = await FriendlyServer.start({
      routes: {
        login: (_, response) => {
          response.writeHead(302, { location: "/home", "set-cookie": ["a=1; Path=/", "b=2; Path=/"] }).end();
        },
        home: (request, response) => {
          response.end(request.headers.cookie ?? "none");
        },
      },
    });
    await using transport = new Transport();
    const client = new Client({ transport, cookies: true });
    assert.equal(await client.get(server.url("/login")).text(), "a=1; b=2");
    assert.equal(await client.get(server.url("/home")).text(), "a=1; b=2");
    assert.equal(server.connections, 1);
  });

  test("Cookie header: of the request's own joins the jar's and wins, until a redirect changes it", async () => {
    const transport = world({
      "/in": { headers: sets("a=jar", "b=jar") },
      "/hop": {
        status: 302,
        headers: [
          ["location", "/"],
          ["set-cookie", "own=new"],
        ],
      },
    });
    const client = new Client({ transport, cookies: true });
    await client.get("http://a.test/in");
    const headers = { cookie: "a=own; own=old" };
    assert.equal(await client.get("http://a.test/", { headers }).text(), "a=own; own=old; b=jar");
    assert.equal(await client.get("http://a.test/hop", { headers }).text(), "a=own; b=jar; own=new");
  });

  test("jar: anything with two methods will do, at once or with promises; what it throws rejects", async () => {
    const calls: string[] = [];
    const jar: CookieJar = {
      cookiesFor: async (url) => {
        calls.push(`for ${url}`);
        return "own=1";
      },
      store: async (url, fields) => {
        calls.push(`store ${url} ${fields.join("|")}`);
      },
    };
    const transport = world({ "/in": { headers: sets("a=1", "b=2") } });
    const client = new Client({ transport, cookies: jar });
    await client.get("http://a.test/in");
    assert.equal(await client.get("http://a.test/").text(), "own=1");
    assert.deepEqual(calls, ["for http://a.test/in", "store http://a.test/in a=1|b=2", "for http://a.test/"]);
    await using server = await FriendlyServer.start();
    await using ours = new Transport();
    const broken: CookieJar = {
      cookiesFor: () => Promise.reject(new Error("no disk")),
      store: () => undefined,
    };
    await assert.rejects(
      new Client({ transport: ours, cookies: broken }).get(server.url("/json")),
      /no disk/,
    );
    assert.equal(
      await new Client({ transport: ours, cookies: jar }).get(server.url("/status/204")).text(),
      "",
    );
  });
});

describe("openCookieJar", () => {
  test("public suffixes: are refused; prefixes are held to what they promise", async () => {
    const jar = await openCookieJar();
    jar.store("https://a.co.uk/", [
      "a=1; Domain=co.uk",
      "__Secure-b=1",
      "__Host-c=1; Secure; Path=/; Domain=a.co.uk",
    ]);
    assert.deepEqual(jar.list(), []);
  });

  test("host of one label: has its own cookies, also where its name is a suffix or reserved", async () => {
    for (const host of ["test", "local", "localhost", "intranet", "com"]) {
      const jar = await openCookieJar();
      jar.store(`http://${host}/`, ["a=1", `b=2; Domain=${host}; Path=/x`, "s=3; Secure"]);
      assert.equal(jar.cookiesFor(`http://${host}/x`), host === "localhost" ? "b=2; a=1; s=3" : "b=2; a=1");
      assert.equal(jar.cookiesFor(`http://${host}/`), host === "localhost" ? "a=1; s=3" : "a=1");
      assert.equal(jar.cookiesFor(`http://www.${host}/x`), "");
    }
  });

  test("clock: decides what has expired", async () => {
    let now = 1_000_000;
    const jar = await openCookieJar({ now: () => now });
    jar.store("http://a.test/", [
      "age=1; Max-Age=10",
      "date=1; Expires=Thu, 01 Jan 1970 00:16:50 GMT",
      "session=1",
    ]);
    assert.equal(jar.cookiesFor("http://a.test/"), "age=1; date=1; session=1");
    now += 10_000;
    assert.equal(jar.cookiesFor("http://a.test/"), "session=1");
    jar.store("http://a.test/", ["session=; Max-Age=0"]);
    assert.deepEqual(jar.list(), []);
  });

  test("bounds: a huge field is left out, and a domain has 180 cookies at most", async () => {
    const jar = await openCookieJar();
    jar.store("http://a.test/", [`big=${"x".repeat(9_000)}`]);
    assert.deepEqual(jar.list(), []);
    jar.store(
      "http://a.test/",
      Array.from({ length: 400 }, (_, i) => `c${i}=1`),
    );
    assert.equal(jar.list().length, 180);
    assert.ok(jar.list().some((cookie) => cookie.name === "c399"));
  });

  test("file: is written whole, for its owner only, and gives the same jar again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "trunkline-cookies-"));
    try {
      const file = join(folder, "cookies.json");
      const jar = await openCookieJar({ file, now: () => 5_000 });
      jar.store("https://a.test/x/y", [
        "s=1; HttpOnly; Secure; SameSite=Lax",
        "p=2; Domain=a.test; Path=/; Max-Age=60",
      ]);
      await Promise.all([jar.save(), jar.save()]);
      assert.deepEqual(await readdir(folder), ["cookies.json"]);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      const again = await openCookieJar({ file, now: () => 6_000 });
      assert.deepEqual(again.list(), jar.list());
      assert.equal(again.cookiesFor("https://a.test/x/z"), "s=1; p=2");
      assert.equal(again.cookiesFor("https://sub.a.test/"), "p=2");
      assert.deepEqual(
        (await openCookieJar({ file, now: () => 66_000 })).list().map((cookie) => cookie.name),
        ["s"],
      );
      again.clear();
      assert.equal(again.cookiesFor("https://a.test/"), "");
      assert.deepEqual(jar.list()[0], {
        name: "s",
        value: "1",
        domain: "a.test",
        path: "/x",
        secure: true,
        httpOnly: true,
        hostOnly: true,
        sameSite: "lax",
        created: 5_000,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("file: one that is not a cookie file is an error that shows none of it, and stays as it is", async () => {
    const folder = await mkdtemp(join(tmpdir(), "trunkline-cookies-"));
    try {
      const file = join(folder, "cookies.json");
      for (const [content, why] of [
        ['{"version":1,"cookies":[{"name":"secret', "it is not JSON"],
        ["{}", "its version is not 1"],
        ["null", "its version is not 1"],
        ['{"version":1}', "it has no list of cookies"],
        ['{"version":1,"cookies":[{"name":"secret"}]}', "cookie 1 is incomplete"],
      ] as const) {
        await writeFile(file, content);
        const error = await openCookieJar({ file }).then(
          () => assert.fail("it opened"),
          (reason: Error) => reason,
        );
        assert.ok(error.message.includes(`cookies.json": ${why}; move the file away`), error.message);
        assert.doesNotMatch(error.message, /secret/);
        assert.equal(await readFile(file, "utf8"), content);
      }
      const lost = await openCookieJar({ file: join(folder, "no", "such", "folder") });
      await assert.rejects(lost.save(), { code: "ENOENT" });
      await assert.rejects(async () => (await openCookieJar()).save(), /has no file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
