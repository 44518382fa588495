import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Client, type ClientOptions, NetworkError } from "../../src/index.js";
import { parseChallenges } from "../../src/message/index.js";
import { type MockAnswer, type MockRequest, mockTransport } from "../../src/testing/index.js";

const baseURL = "http://a.test/";

function withAuth(
  auth: NonNullable<ClientOptions["auth"]>,
  answer: (request: MockRequest) => MockAnswer | string,
) {
  const transport = mockTransport(answer);
  return { transport, client: new Client({ transport, baseURL, auth }) };
}

const seen = (requests: readonly MockRequest[]) =>
  requests.map((request) => request.headers.get("authorization"));

describe("auth", () => {
  test("basic: goes to the allowed origin only, along redirects too; the request's own header wins", async () => {
    const { client, transport } = withAuth({ username: "üser", password: "pass:word" }, (request) =>
      request.url === "http://a.test/away" ? { status: 302, headers: { location: "http://b.test/" } } : "x",
    );
    await client.get("away");
    await client.get("http://b.test/");
    await client.get("", { headers: { authorization: "own" } });
    await client.get("http://me:pw@a.test/");
    const basic = `Basic ${Buffer.from("üser:pass:word").toString("base64")}`;
    assert.deepEqual(seen(transport.requests), [basic, null, null, "own", `Basic ${btoa("me:pw")}`]);
  });

  test("auth of a call: is for the origin of its URL", async () => {
    const transport = mockTransport((request) =>
      request.url === "http://a.test/" ? { status: 307, headers: { location: "http://b.test/" } } : "x",
    );
    await new Client({ transport }).get("http://a.test/", { auth: { bearer: "token" } });
    assert.deepEqual(seen(transport.requests), ["Bearer token", null]);
  });

  test("bearer: a 401 gets a fresh token once, one for all who wait", async () => {
    let asked = 0;
    const { client, transport } = withAuth({ bearer: async () => `t${++asked}` }, (request) =>
      request.headers.get("authorization") === "Bearer t1" ? { status: 401 } : "fine",
    );
    const calls = await Promise.all([1, 2, 3].map(() => client.get("x")));
    assert.deepEqual(
      calls.map((response) => response.status),
      [200, 200, 200],
    );
    assert.equal(asked, 2);
    assert.equal(transport.requests.length, 6);
    await client.get("x");
    assert.equal(asked, 2);
  });

  test("bearer: a 401 to the fresh token, to a fixed one, or to a stream is the answer", async () => {
    let asked = 0;
    const refused = withAuth({ bearer: () => `t${++asked}` }, () => ({ status: 401 }));
    assert.equal((await refused.client.get("x")).status, 401);
    assert.equal(refused.transport.requests.length, 2);
    const fixed = withAuth({ bearer: "t" }, () => ({ status: 401 }));
    assert.equal((await fixed.client.get("x")).status, 401);
    assert.equal(fixed.transport.requests.length, 1);
    const response = await refused.client.post("x", { body: new Blob(["x"]).stream() });
    assert.equal(response.status, 401);
  });

  test("bearer: what its function throws rejects, and is asked again by the next call", async () => {
    let asked = 0;
    const { client } = withAuth(
      {
        bearer: () => {
          asked += 1;
          if (asked === 1) throw new Error("no token today");
          return "t";
        },
      },
      () => "x",
    );
    await assert.rejects(client.get("x"), /no token today/);
    assert.equal((await client.get("x")).status, 200);
  });

  for (const auth of [
    { username: "a", password: "b\r\nx: y" },
    { username: "a:b", password: "secret-pw" },
    { bearer: "secret\ntoken" },
    { bearer: "" },
    { username: "a" },
    { username: "a", password: "secret-pw", type: "ntlm" },
  ]) {
    test(`credentials ${JSON.stringify(auth)}: are refused without being shown`, () => {
      assert.throws(
        () => new Client({ baseURL, auth: auth as never }),
        (error) =>
          error instanceof TypeError && !/secret/.test(error.message) && /Cannot use/.test(error.message),
      );
    });
  }
});

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A server that checks Digest as RFC 7616 says, with its own arithmetic. */
class DigestServer {
  nonce = "nonce-1";
  challenge: string;
  readonly counts: string[] = [];
  readonly #hash: (text: string) => string;
  readonly #session: boolean;
  info: string | undefined;

  constructor(algorithm: string, extra = ', qop="auth,auth-int"') {
    this.#hash = algorithm.startsWith("SHA") ? sha256 : md5;
    this.#session = algorithm.endsWith("-sess");
    this.challenge = `algorithm=${algorithm}, opaque="op\\"aque"${extra}`;
  }

  answer(request: MockRequest): MockAnswer {
    const [given] = parseChallenges([request.headers.get("authorization") ?? ""]);
    const field = (name: string): string => given?.parameters.get(name) ?? "";
    const refused = (stale: boolean): MockAnswer => ({
      status: 401,
      headers: {
        "www-authenticate": `Basic realm="x", Digest realm="the \\"realm\\"", nonce="${this.nonce}", ${this.challenge}${stale ? ", stale=true" : ""}`,
      },
    });
    if (given?.scheme !== "digest") return refused(false);
    if (field("nonce") !== this.nonce) return refused(true);
    const url = new URL(request.url);
    const uri = url.pathname + url.search;
    let key = this.#hash(`user:the "realm":pass`);
    if (this.#session) key = this.#hash(`${key}:${this.nonce}:${field("cnonce")}`);
    const what = this.#hash(`${request.method}:${uri}`);
    const middle = field("qop") === "auth" ? `${field("nc")}:${field("cnonce")}:auth:` : "";
    const right = this.#hash(`${key}:${this.nonce}:${middle}${what}`);
    if (field("response") !== right || field("uri") !== uri || field("opaque") !== 'op"aque')
      return refused(false);
    this.counts.push(field("nc"));
    const { info } = this;
    return {
      body: "in",
      ...(info === undefined ? {} : { headers: { "authentication-info": `nextnonce="${info}"` } }),
    };
  }
}

describe("digest", () => {
  const credentials = { username: "user", password: "pass", type: "digest" } as const;

  for (const [algorithm, extra] of [
    ["MD5", undefined],
    ["SHA-256", undefined],
    ["MD5-sess", undefined],
    ["SHA-256-sess", undefined],
    ["MD5", ""],
  ] as const) {
    test(`${algorithm}${extra === "" ? " without qop" : ""}: answers the challenge, and reuses the nonce`, async () => {
      const server = new DigestServer(algorithm, extra);
      const { client, transport } = withAuth(credentials, (request) => server.answer(request));
      assert.equal(await client.post("path?q=1", { body: "x" }).text(), "in");
      assert.equal(await client.get("other").text(), "in");
      assert.equal(transport.requests.length, 3);
      assert.deepEqual(server.counts, extra === "" ? ["", ""] : ["00000001", "00000002"]);
      assert.equal(transport.requests[1]?.text(), "x");
      server.nonce = "nonce-2";
      assert.equal(await client.get("third").text(), "in");
      assert.equal(transport.requests.length, 5);
    });
  }

  test("nextnonce: is used for the next request", async () => {
    const server = new DigestServer("MD5");
    const { client, transport } = withAuth(credentials, (request) => server.answer(request));
    server.info = "nonce-9";
    await client.get("x");
    server.nonce = "nonce-9";
    assert.equal(await client.get("x").text(), "in");
    assert.equal(transport.requests.length, 3);
    assert.deepEqual(server.counts, ["00000001", "00000001"]);
  });

  test("password: a wrong one gives the 401 after one answer, and never leaves as it is", async () => {
    const server = new DigestServer("MD5");
    const { client, transport } = withAuth({ ...credentials, password: "wrong" }, (request) =>
      server.answer(request),
    );
    assert.equal((await client.get("x")).status, 401);
    assert.equal(transport.requests.length, 2);
    assert.doesNotMatch(seen(transport.requests).join(), /wrong|Basic/);
  });

  test("challenge: one that cannot be answered gives the 401", async () => {
    for (const challenge of [
      "Basic realm=x",
      "Digest algorithm=SHA-1, nonce=x",
      "Digest realm=x",
      'Digest nonce=x, qop="auth-int"',
    ]) {
      const { client, transport } = withAuth(credentials, () => ({
        status: 401,
        headers: { "www-authenticate": challenge },
      }));
      assert.equal((await client.get("x")).status, 401);
      assert.equal(transport.requests.length, 1);
    }
  });

  test("stream: one that was sent already rejects and says what to do", async () => {
    const server = new DigestServer("MD5");
    const { client } = withAuth(credentials, (request) => server.answer(request));
    const error = await client
      .post("x", { body: new Blob(["x"]).stream() })
      .catch((reason: unknown) => reason);
    assert.ok(error instanceof NetworkError);
    assert.equal(error.code, "ERR_TRUNKLINE_BODY_NOT_REPLAYABLE");
  });
});
