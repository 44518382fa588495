import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, type ClientOptions, type Init, Request } from "../../src/index.js";
import { type MockTransport, mockTransport } from "../../src/testing/index.js";

const A = "http://a.test";
const B = "http://b.test";
const C = "http://c.test";

/** A client over redirects by URL; what has none answers 200. */
function world(redirects: Record<string, string>, options: ClientOptions = {}): { client: Client } & World {
  const transport = mockTransport(({ url }) => {
    const location = redirects[url];
    return location === undefined ? { body: url } : { status: 302, headers: { location } };
  });
  return { transport, client: new Client({ ...options, transport }) };
}

interface World {
  readonly transport: MockTransport;
}

/** Where each request went, and what of the header. */
function seen({ transport }: World, header: string): string[] {
  return transport.requests.map(({ url, headers }) => `${url} ${headers.get(header) ?? "-"}`);
}

const ROUND_TRIP = { [`${A}/`]: `${B}/hop`, [`${B}/hop`]: `${A}/back`, [`${A}/back`]: "/again" };

const ways: Readonly<Record<string, readonly [ClientOptions, Init]>> = {
  "auth of the client": [{ baseURL: A, auth: { bearer: "t" } }, {}],
  "auth of the call": [{}, { auth: { username: "u", password: "p" } }],
  "a default header": [{ baseURL: A, headers: { authorization: "t" } }, {}],
  "a header of the call": [{}, { headers: { authorization: "t" } }],
};

for (const [way, [options, init]] of Object.entries(ways)) {
  test(`credentials: ${way} does not come back when a redirect leads away and back`, async () => {
    const made = world(ROUND_TRIP, options);
    await made.client.get(`${A}/`, init);
    const sent = seen(made, "authorization").map((line) => line.endsWith(" -"));
    assert.deepEqual(sent, [false, true, true, true], seen(made, "authorization").join("\n"));
  });
}

test("credentials: auth does not go where a foreign origin leads the call that began there", async () => {
  const made = world({ [`${B}/`]: `${A}/secret` }, { baseURL: A, auth: { bearer: "t" } });
  await made.client.get(`${B}/`);
  assert.deepEqual(seen(made, "authorization"), [`${B}/ -`, `${A}/secret -`]);
});

test("credentials: auth goes along between the origins that may have it, and stays away after another", async () => {
  const made = world(
    { [`${A}/`]: `${B}/1`, [`${B}/1`]: `${A}/2`, [`${A}/2`]: `${C}/3`, [`${C}/3`]: `${B}/4` },
    { origins: [A, B], auth: { bearer: "t" } },
  );
  await made.client.get(`${A}/`);
  assert.deepEqual(seen(made, "authorization"), [
    `${A}/ Bearer t`,
    `${B}/1 Bearer t`,
    `${A}/2 Bearer t`,
    `${C}/3 -`,
    `${B}/4 -`,
  ]);
});

test("credentials: a challenge after the way back is not answered", async () => {
  const transport = mockTransport(({ url }) => {
    if (url === `${A}/`) return { status: 302, headers: { location: `${B}/` } };
    if (url === `${B}/`) return { status: 302, headers: { location: `${A}/back` } };
    return { status: 401, headers: { "www-authenticate": 'Digest realm="r", nonce="n", qop="auth"' } };
  });
  const client = new Client({
    transport,
    baseURL: A,
    auth: { username: "u", password: "p", type: "digest" },
  });
  assert.equal((await client.get("/")).status, 401);
  assert.equal(transport.requests.length, 3);
});

test("credentials: a header named in sensitiveHeaders goes to the allowed origins only, as auth does", async () => {
  const spelled = [
    `${B}/`,
    "//b.test/",
    "\\\\b.test\\",
    "/\\b.test/",
    " //b.test/",
    "HTTP://B.test/",
    "http:\\\\b.test/",
  ];
  const inputs = [...spelled, new URL(B), new Request(B), new globalThis.Request(B)];
  for (const input of inputs) {
    for (const name of ["X-Api-Key", "authorization", "Cookie", "proxy-authorization"]) {
      const made = world(
        {},
        {
          baseURL: `${A}/v1/`,
          relativeURLs: "resolve",
          headers: { [name]: "s" },
          sensitiveHeaders: ["x-API-key"],
        },
      );
      await made.client.fetch(input);
      await made.client.fetch("x");
      assert.deepEqual(seen(made, name), [`${B}/ -`, `${A}/v1/x s`], `${String(input)} ${name}`);
    }
  }
});

test("credentials: a default header named in sensitiveHeaders needs a place to go", () => {
  assert.throws(() => new Client({ headers: { "x-key": "s" }, sensitiveHeaders: ["X-Key"] }), {
    name: "TypeError",
    message: /^Cannot make a Client with a default x-key header: nothing limits where it is sent/,
  });
  for (const name of [" x-key", "x-key ", "x key", ""]) {
    assert.throws(() => new Client({ sensitiveHeaders: [name] }), { name: "TypeError" }, name);
  }
});

test("Host: the caller's own does not follow to another origin, whatever the spelling", async () => {
  const spelled = [
    `${B}/`,
    "//b.test/",
    "\\\\b.test/",
    "/\\b.test/",
    "///b.test/",
    "/\t/b.test/",
    "\t//b.test/",
    "h\tttp://b.test/",
    "http:\\\\b.test",
    "http:/b.test",
    "http:b.test",
    " //b.test/",
  ];
  for (const location of spelled) {
    const made = world({ "http://a.test/": location });
    await made.client.get(`${A}/`, { headers: { host: "virtual.test" } });
    const [first, second] = seen(made, "host");
    assert.equal(first, `${A}/ virtual.test`);
    assert.ok(
      second === undefined || !second.startsWith(B) || second === `${B}/ -`,
      `${location}: ${second}`,
    );
  }
  const same = world({ "http://a.test/": "/next" });
  await same.client.get(`${A}/`, { headers: { host: "virtual.test" } });
  assert.deepEqual(seen(same, "host"), [`${A}/ virtual.test`, `${A}/next virtual.test`]);
});

test("credentials: nothing of the caller's goes from https to http, not the body either", async () => {
  const made = world({ "https://a.test/": "http://a.test/" });
  await assert.rejects(
    made.client.post("https://a.test/", { body: "secret", headers: { authorization: "t" } }),
    { code: "ERR_TRUNKLINE_INSECURE_REDIRECT" },
  );
  assert.equal(made.transport.requests.length, 1);
  const allowed = world({ "https://a.test/": "http://a.test/" }, { allowInsecureRedirects: true });
  await allowed.client.get("https://a.test/", { headers: { authorization: "t", cookie: "c=1" } });
  assert.deepEqual(seen(allowed, "authorization"), ["https://a.test/ t", "http://a.test/ -"]);
  assert.deepEqual(seen(allowed, "cookie"), ["https://a.test/ c=1", "http://a.test/ -"]);
});
