// HTML "environment settings object": a program that says where it runs (undici's `setGlobalOrigin`) has a base for its
// URLs, a referrer and an origin, as a page has. Fetch §3.1 "Origin", §4.4 "HTTP-redirect fetch"; Referrer Policy §8.3.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Platform, refused, same, standard } from "./compare.js";
import { testServer } from "./server.js";

const home = testServer();
const other = testServer();
const KEY = Symbol.for("undici.globalOrigin.1");
const place = globalThis as { [KEY]?: URL };

/** The headers that the last server saw. */
type Seen = Readonly<Record<string, string>>;
const seen = async ({ fetch }: Platform, url: string, init?: RequestInit): Promise<Seen> =>
  ((await (await fetch(url, init)).json()) as { headers: Seen }).headers;
const origin = async (platform: Platform, url: string, init?: RequestInit): Promise<string | undefined> =>
  (await seen(platform, url, init))["origin"]?.replace(home(""), "home");
const referer = async (platform: Platform, url: string, init?: RequestInit): Promise<string | undefined> =>
  (await seen(platform, url, init))["referer"]?.replace(home(""), "home");
const redirect = (from: (path: string) => string, to: (path: string) => string, more = ""): string =>
  from(`/redirect?code=307&to=${encodeURIComponent(to("/echo"))}${more}`);

describe("a program that says where it runs", () => {
  before(() => {
    place[KEY] = new URL(home("/pages/page"));
  });
  after(() => {
    delete place[KEY];
  });

  same("relative URLs: are read from the program's own", {
    "a path": async ({ fetch }) => (await fetch("/echo?a")).json(),
    "a relative path": async ({ fetch }) => (await fetch("../echo")).json(),
    "a Request": ({ Request }) => new Request("x?y#z").url.replace(home(""), ""),
    "a Request's referrer": ({ Request }) =>
      new Request("x", { referrer: "r" }).referrer.replace(home(""), ""),
    "a referrer elsewhere": ({ Request }) => new Request("x", { referrer: other("/x") }).referrer,
    "Response.redirect": ({ Response }) =>
      Response.redirect("x", 302).headers.get("location")?.replace(home(""), ""),
  });

  standard("Origin: is sent where the standard says", {
    "GET at home": [(platform) => origin(platform, "/echo"), undefined],
    "POST at home": [(platform) => origin(platform, "/echo", { method: "POST" }), "home"],
    "GET elsewhere": [(platform) => origin(platform, other("/echo")), "home"],
    "GET elsewhere, no-cors": [
      (platform) => origin(platform, other("/echo"), { mode: "no-cors" }),
      undefined,
    ],
    "POST, no referrer": [
      (platform) => origin(platform, "/echo", { method: "POST", referrerPolicy: "no-referrer" }),
      "null",
    ],
    "home to elsewhere": [(platform) => origin(platform, redirect(home, other)), "home"],
    "elsewhere to elsewhere": [(platform) => origin(platform, redirect(other, other)), "home"],
    "elsewhere to home": [(platform) => origin(platform, redirect(other, home)), "null"],
    "home to home": [(platform) => origin(platform, redirect(home, home)), undefined],
  });

  standard("Referer: what one hop was not shown, no later one is", {
    "at home": [(platform) => referer(platform, "/echo"), "home/pages/page"],
    elsewhere: [(platform) => referer(platform, other("/echo")), "home/"],
    "none wanted": [(platform) => referer(platform, "/echo", { referrer: "" }), undefined],
    "a redirect that asks for all": [
      (platform) => referer(platform, redirect(home, home, "&policy=unsafe-url")),
      "home/pages/page",
    ],
    "a redirect elsewhere that asks for all": [
      (platform) => referer(platform, redirect(home, other, "&policy=unsafe-url")),
      "home/pages/page",
    ],
    "a redirect that wants none": [
      (platform) => referer(platform, redirect(home, home, "&policy=no-referrer")),
      undefined,
    ],
    "a redirect that asks for all of nothing": [
      (platform) =>
        referer(platform, redirect(home, home, "&policy=unsafe-url"), { referrerPolicy: "no-referrer" }),
      undefined,
    ],
    "a redirect that asks for all of an origin": [
      (platform) =>
        referer(platform, redirect(home, home, "&policy=unsafe-url"), { referrerPolicy: "origin" }),
      "home/",
    ],
  });

  refused('mode "same-origin": stays at home', {
    elsewhere: [({ fetch }) => fetch(other("/echo"), { mode: "same-origin" }), "TypeError"],
    "a redirect elsewhere": [
      ({ fetch }) => fetch(redirect(home, other), { mode: "same-origin" }),
      "TypeError",
    ],
  });

  test('mode "same-origin": is answered at home', async () => {
    const { fetch } = await import("../../src/index.js");
    assert.equal((await fetch("/echo", { mode: "same-origin" })).status, 200);
  });
});

test("a program that does not say where it runs has no base, no referrer and no origin", async () => {
  const { fetch, Request } = await import("../../src/index.js");
  assert.throws(() => new Request("/echo"), /a path alone/);
  const response = await fetch(home("/echo"), { method: "POST", mode: "same-origin" });
  const { headers } = (await response.json()) as { headers: Seen };
  assert.deepEqual([headers["origin"], headers["referer"]], [undefined, undefined]);
});
