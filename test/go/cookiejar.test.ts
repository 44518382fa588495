import assert from "node:assert/strict";
import { test } from "node:test";
import { type CookieStore, openCookieJar } from "../../src/index.js";

// Ported by meaning: cookiejar/jar_test.go. docs/go-tests.md has the table.

const NOON = Date.UTC(2013, 0, 1, 12);
const inSeconds = (seconds: number): string => `Expires=${new Date(NOON + seconds * 1000).toUTCString()}`;

interface Step {
  readonly what: string;
  readonly from: string;
  readonly set: readonly string[];
  /** What the jar then holds, by name. */
  readonly holds?: string;
  readonly sent: Readonly<Record<string, string>>;
}

async function jarAt(now: () => number = () => NOON): Promise<CookieStore> {
  return openCookieJar({ now });
}

function check(jar: CookieStore, { what, from, set, holds, sent }: Step): void {
  jar.store(from, set);
  if (holds !== undefined) {
    const held = jar.list().map(({ name, value }) => `${name}=${value}`);
    assert.equal(held.sort().join(" "), holds, what);
  }
  for (const [url, cookies] of Object.entries(sent))
    assert.equal(jar.cookiesFor(url).replaceAll("; ", " "), cookies, `${what}: ${url}`);
}

const BASICS: readonly Step[] = [
  {
    what: "a host cookie goes to its host, on any path and scheme",
    from: "http://www.host.test/",
    set: ["A=a"],
    sent: {
      "http://www.host.test": "A=a",
      "https://www.host.test/some/path": "A=a",
      "http://www.other.org": "",
      "http://sibling.host.test": "",
      "http://deep.www.host.test": "",
    },
  },
  {
    what: "a secure cookie does not go over http",
    from: "https://www.host.test/",
    set: ["A=a; secure"],
    sent: { "http://www.host.test/": "", "https://www.host.test/some/path": "A=a" },
  },
  {
    what: "a secure cookie goes to localhost over http",
    from: "http://localhost:8910/",
    set: ["A=a; secure"],
    sent: { "http://localhost:8910/path": "A=a", "https://localhost/": "A=a" },
  },
  {
    what: "a secure cookie goes to a name below localhost over http",
    from: "http://example.localhost:8910/",
    set: ["A=a; secure"],
    sent: { "http://example.localhost:8910/": "A=a" },
  },
  {
    what: "a name that only ends like localhost is not it",
    from: "https://notlocalhost/",
    set: ["A=a; secure"],
    sent: { "http://notlocalhost/": "", "https://notlocalhost/": "A=a" },
  },
  {
    what: "an explicit path",
    from: "http://www.host.test/",
    set: ["A=a; path=/some/path"],
    sent: {
      "http://www.host.test/": "",
      "http://www.host.test/some": "",
      "http://www.host.test/some/path": "A=a",
      "http://www.host.test/some/paths": "",
      "http://www.host.test/some/path/foo/": "A=a",
    },
  },
  {
    what: "the path of the URL up to its last slash is the default",
    from: "http://www.host.test/some/path/index.html",
    set: ["A=a"],
    sent: {
      "http://www.host.test/some": "",
      "http://www.host.test/some/path": "A=a",
      "http://www.host.test/some/paths": "",
    },
  },
  {
    what: "longer paths first, then older ones",
    from: "http://www.host.test/",
    set: [
      "A=a; path=/foo/bar",
      "B=b; path=/foo/bar/baz/qux",
      "C=c; path=/foo/bar/baz",
      "D=d; path=/foo",
      "E=e; path=/foo",
    ],
    sent: {
      "http://www.host.test/foo/bar/baz/qux": "B=b C=c A=a D=d E=e",
      "http://www.host.test/foo": "D=d E=e",
    },
  },
  {
    what: "the same name in several places",
    from: "http://www.host.test/",
    set: ["A=1; path=/", "A=2; path=/path", "A=3; path=/quux", "A=4; domain=host.test; path=/path"],
    sent: { "http://www.host.test/path": "A=2 A=4 A=1", "http://sub.host.test/path": "A=4" },
  },
  {
    what: "a domain cookie on a public suffix is refused",
    from: "http://www.bbc.co.uk",
    set: ["a=1", "b=2; domain=co.uk"],
    holds: "a=1",
    sent: { "http://www.bbc.co.uk": "a=1", "http://other.co.uk": "" },
  },
  {
    what: "a host cookie on an address",
    from: "http://192.168.0.10",
    set: ["a=1", "b=2; domain=172.31.9.9"],
    holds: "a=1",
    sent: { "http://192.168.0.10": "a=1", "http://172.31.9.9": "" },
  },
  {
    what: "a domain cookie on an address is a host cookie",
    from: "http://192.168.0.10",
    set: ["a=1; domain=192.168.0.10"],
    sent: { "http://192.168.0.10": "a=1" },
  },
  {
    what: "ports do not matter",
    from: "http://www.host.test:8080/",
    set: ["a=1"],
    sent: { "http://www.host.test": "a=1", "http://www.host.test:1234/": "a=1" },
  },
];

for (const step of BASICS) {
  test(`Go TestBasics: ${step.what}`, async () => check(await jarAt(), step));
}

test("Go TestUpdateAndDelete: cookies are replaced, and deleted one by one in their own domain only", async () => {
  const jar = await jarAt();
  const host = "https://www.host.test/";
  const other = "http://www.google.com/";
  const steps: readonly Step[] = [
    {
      what: "set",
      from: host,
      set: ["a=1", "b=2; secure", "c=3; httponly", "d=4; secure; httponly"],
      sent: { "http://www.host.test/": "a=1 c=3", [host]: "a=1 b=2 c=3 d=4" },
    },
    { what: "update", from: host, set: ["a=w", "b=x; secure"], sent: { [host]: "a=w b=x c=3 d=4" } },
    {
      what: "clear secure",
      from: host,
      set: ["b=xx", "d=zz"],
      sent: { "http://www.host.test/": "a=w b=xx c=3 d=zz" },
    },
    {
      what: "delete, by age and by date; age wins",
      from: host,
      set: [
        "a=1; max-age=-1",
        `b=2; ${inSeconds(-10)}`,
        `c=2; max-age=-1; ${inSeconds(10)}`,
        "d=4; max-age=0",
      ],
      holds: "",
      sent: { [host]: "" },
    },
    {
      what: "refill",
      from: "http://www.host.test/",
      set: ["A=1", "A=2; path=/foo", "A=3; domain=.host.test", "A=4; path=/foo; domain=.host.test"],
      sent: { "http://www.host.test/foo": "A=2 A=4 A=1 A=3" },
    },
    { what: "refill elsewhere", from: other, set: ["A=6", "A=7; path=/foo; domain=.google.com"], sent: {} },
    {
      what: "delete one",
      from: "http://www.host.test/",
      set: ["A=; path=/foo; domain=host.test; max-age=-1"],
      sent: { "http://www.host.test/foo": "A=2 A=1 A=3", "http://www.google.com/foo": "A=7 A=6" },
    },
    {
      what: "not across domains",
      from: "http://www.host.test/",
      set: ["A=; path=/foo; domain=google.com; max-age=-1"],
      sent: { "http://www.google.com/foo": "A=7 A=6" },
    },
  ];
  for (const step of steps) check(jar, step);
});

test("Go TestExpiration: cookies go when their time comes, by age and by date", async () => {
  let now = NOON;
  const jar = await jarAt(() => now);
  jar.store("http://www.host.test", [
    "a=1",
    "b=2; max-age=3",
    `c=3; ${inSeconds(3)}`,
    "d=4; max-age=5",
    `e=5; ${inSeconds(5)}`,
    "f=6; max-age=100",
  ]);
  const left = ["a b c d e f", "a b c d e f", "a b c d e f", "a d e f", "a d e f", "a f"];
  left.forEach((names, seconds) => {
    now = NOON + seconds * 1000;
    const sent = jar
      .cookiesFor("http://www.host.test")
      .split("; ")
      .map((pair) => pair[0]);
    assert.equal(sent.join(" "), names, `after ${seconds} s`);
  });
});

const CHROMIUM: readonly Step[] = [
  {
    what: "a leading dot",
    from: "http://www.google.com/",
    set: ["a=1; domain=.www.google.com"],
    sent: { "http://www.google.com": "a=1" },
  },
  {
    what: "a valid subdomain",
    from: "http://w.y.z.com/",
    set: ["a=1; domain=w.y.z.com", "b=2; domain=y.z.com", "c=3; domain=.z.com", "d=4; domain=com"],
    sent: {
      "http://w.y.z.com": "a=1 b=2 c=3",
      "http://y.z.com": "b=2 c=3",
      "http://z.com": "c=3",
      "http://x.com": "",
    },
  },
  {
    what: "domains that are not above the host",
    from: "http://foo.bar.com/",
    set: [
      "a=1; domain=.yo.foo.bar.com",
      "b=2; domain=.foo.com",
      "c=3; domain=.bar.foo.com",
      "d=4; domain=.foo.bar.com.net",
      "e=5; domain=ar.com",
      "f=6; domain=http://foo.bar.com",
      "g=7; domain=.foo.bar.com:80",
      "h=8; domain=.foo.bar.com/blah",
    ],
    holds: "",
    sent: { "http://foo.bar.com": "" },
  },
  {
    what: "case",
    from: "http://www.google.com",
    set: ["a=1; domain=.GOOGLE.COM", "b=2; domain=.wWw.gOoGLE.coM"],
    sent: { "http://www.google.com": "a=1 b=2", "http://GOOGLE.com/": "a=1" },
  },
  {
    what: "an address has no domains",
    from: "http://1.2.3.4/foo",
    set: ["a=1; path=/", "b=2; domain=.3.4"],
    holds: "a=1",
    sent: { "http://1.2.3.4/foo": "a=1" },
  },
  {
    what: "a name without dots",
    from: "http://com/",
    set: ["a=1", "b=2; domain=.com", "c=3; domain=other"],
    sent: { "http://com/": "a=1 b=2", "http://no-cookies.com/": "" },
  },
  {
    what: "paths",
    from: "http://www.google.izzle/wee/",
    set: ["A=B; path=/wee"],
    sent: {
      "http://www.google.izzle/wee": "A=B",
      "http://www.google.izzle/wee/war/more": "A=B",
      "http://www.google.izzle/weehee": "",
      "http://www.google.izzle/": "",
    },
  },
];

for (const step of CHROMIUM) {
  test(`Go TestChromiumBasics: ${step.what}`, async () => check(await jarAt(), step));
}

test("Go TestChromiumDomain: host and domain cookies side by side", async () => {
  const jar = await jarAt();
  const from = "http://www.google.izzle/";
  for (const [set, url, cookies] of [
    ["A=B", from, "A=B"],
    ["C=D; domain=.google.izzle", from, "A=B C=D"],
    ["", "http://foo.www.google.izzle/", "C=D"],
    ["E=F; domain=.www.google.izzle", from, "A=B C=D E=F"],
    ["G=H; domain=www.google.izzle", from, "A=B C=D E=F G=H"],
    ["K=L; domain=.bar.www.google.izzle", "http://bar.www.google.izzle/", "C=D E=F G=H"],
    ["", from, "A=B C=D E=F G=H"],
  ] as const) {
    check(jar, { what: set, from, set: set === "" ? [] : [set], sent: { [url]: cookies } });
  }
});

test("Go TestChromiumDeletion: session and lasting cookies are deleted by age and by date", async () => {
  for (const made of ["A=B", "A=B; max-age=100", `A=B; ${inSeconds(1000)}`]) {
    for (const gone of [
      "A=B; max-age=0",
      "A=B; max-age=-1",
      `A=B; ${inSeconds(-10)}`,
      "A=B; expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ]) {
      const jar = await jarAt();
      const from = "http://www.google.com/";
      check(jar, { what: made, from, set: [made], sent: { [from]: "A=B" } });
      check(jar, { what: `${made}, ${gone}`, from, set: [gone], holds: "", sent: { [from]: "" } });
    }
  }
});

const DOMAINS: readonly Step[] = [
  {
    what: "a host cookie",
    from: "http://www.host.test",
    set: ["a=1"],
    sent: {
      "http://www.host.test": "a=1",
      "http://host.test": "",
      "http://bar.host.test": "",
      "http://foo.www.host.test": "",
      "http://test": "",
    },
  },
  {
    what: "a domain cookie",
    from: "http://www.host.test",
    set: ["a=1; domain=.host.test"],
    sent: {
      "http://host.test": "a=1",
      "http://bar.host.test": "a=1",
      "http://foo.www.host.test": "a=1",
      "http://other.test": "",
      "http://test": "",
    },
  },
  {
    what: "a host beyond ASCII",
    from: "http://www.bücher.test",
    set: ["a=1"],
    sent: {
      "http://www.bücher.test": "a=1",
      "http://www.xn--bcher-kva.test": "a=1",
      "http://bücher.test": "",
    },
  },
  {
    what: "a domain beyond ASCII",
    from: "http://www.bücher.test",
    set: ["a=1; domain=xn--bcher-kva.test"],
    sent: { "http://bücher.test": "a=1", "http://foo.www.bücher.test": "a=1" },
  },
  {
    what: "a host cookie on a public suffix",
    from: "http://co.uk",
    set: ["a=1"],
    sent: { "http://co.uk": "a=1", "http://some.co.uk": "", "http://uk": "" },
  },
  {
    what: "a domain cookie on a public suffix from below",
    from: "http://some.co.uk",
    set: ["a=1; domain=co.uk"],
    holds: "",
    sent: { "http://co.uk": "", "http://foo.some.co.uk": "" },
  },
];

for (const step of DOMAINS) {
  test(`Go TestDomainHandling: ${step.what}`, async () => check(await jarAt(), step));
}

test("Go TestIssue19384: odd hosts do no harm", async () => {
  for (const url of ["http://./", "http://../", "http://.x/"]) {
    const jar = await jarAt();
    jar.store(url, ["a=1", "b=2; domain=."]);
    jar.cookiesFor(url);
    assert.equal(jar.cookiesFor("http://host.test/"), "");
  }
});
