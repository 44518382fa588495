import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parseChallenges } from "./auth-challenge.js";
import { DigestAuth } from "./digest.js";

const mufasa = { username: "Mufasa", password: "Circle of Life" };
const rfcNonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const rfcClientNonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

function rfcChallenge(algorithm: string): string {
  return `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${rfcNonce}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
}

const parameter = (header: string | undefined, name: string): string | undefined =>
  new RegExp(`[ ,]${name}="?([^",]*)"?`).exec(header ?? "")?.[1];

test("DigestAuth: answers the examples of RFC 7616 section 3.9.1, and takes the stronger of two challenges", () => {
  const auth = new DigestAuth(mufasa, () => rfcClientNonce);
  assert.equal(auth.answer("GET", "/"), undefined);
  assert.ok(auth.challenged(parseChallenges([rfcChallenge("MD5")]), false));
  assert.equal(
    parameter(auth.answer("GET", "/dir/index.html"), "response"),
    "8ca523f5e9506fed4657c9700eebdbec",
  );
  assert.ok(auth.challenged(parseChallenges([rfcChallenge("MD5"), rfcChallenge("SHA-256")]), false));
  const header = auth.answer("GET", "/dir/index.html");
  assert.equal(
    parameter(header, "response"),
    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
  );
  assert.equal(parameter(header, "nc"), "00000001");
  assert.equal(parameter(auth.answer("GET", "/dir/index.html"), "nc"), "00000002");
});

test("DigestAuth: answers the example of RFC 2617 section 3.5 and a server without qop", () => {
  const auth = new DigestAuth({ username: "Mufasa", password: "Circle Of Life" }, () => "0a4f113b");
  const nonce = 'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
  auth.challenged(
    parseChallenges([`Digest realm="testrealm@host.com", qop="auth,auth-int", ${nonce}`]),
    false,
  );
  assert.equal(
    parameter(auth.answer("GET", "/dir/index.html"), "response"),
    "6629fae49393a05397450978507c4ef1",
  );
  auth.challenged(parseChallenges([`Digest realm="testrealm@host.com", ${nonce}`]), false);
  const old = auth.answer("GET", "/dir/index.html");
  assert.equal(parameter(old, "response"), "670fd8c2df070c60b045671b8b24ff02");
  assert.equal(parameter(old, "qop"), undefined);
});

test("DigestAuth: does not answer again with refused credentials, does with a stale nonce", () => {
  const auth = new DigestAuth(mufasa);
  const first = parseChallenges(['Digest realm="r", qop="auth", nonce="1"']);
  assert.equal(auth.challenged(first, false), true);
  assert.equal(auth.challenged(parseChallenges(['Digest realm="r", qop="auth", nonce="2"']), true), false);
  assert.equal(auth.challenged(parseChallenges(['Digest realm="r", nonce="2", stale=TRUE']), true), true);
  assert.equal(parameter(auth.answer("GET", "/"), "nonce"), "2");
});

test("DigestAuth: what the server wrote goes back byte for byte, and is hashed as its bytes", () => {
  const md5 = (text: string): string => createHash("md5").update(text, "latin1").digest("hex");
  const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
  for (const [realm, plain = realm] of [
    ["cam"],
    [utf8("Küche – 请登录")],
    ["K\xfcche"],
    ['a \\"b\\" \\c', 'a "b" c'],
    [""],
  ] as [string, string?][]) {
    const auth = new DigestAuth({ username: "Ondřej", password: "heslíčko" }, () => "cn");
    const challenge = `Digest realm="${realm}", nonce="n\\\\1", opaque="o\xe9", qop=auth`;
    assert.ok(auth.challenged(parseChallenges([challenge]), false));
    const answer = auth.answer("GET", "/") ?? "";
    assert.ok(answer.includes(`realm="${realm}", nonce="n\\\\1", opaque="o\xe9"`), answer);
    assert.ok(answer.includes(`username="${utf8("Ondřej")}"`));
    const secret = md5(`${utf8("Ondřej")}:${plain}:${utf8("heslíčko")}`);
    const response = md5(`${secret}:n\\1:00000001:cn:auth:${md5("GET:/")}`);
    assert.ok(answer.includes(`response="${response}"`));
  }
});

test("DigestAuth: refuses what it cannot answer", () => {
  const auth = new DigestAuth(mufasa);
  for (const challenge of [
    'Basic realm="r"',
    'Digest realm="r", nonce="1", qop="auth-int"',
    'Digest realm="r", nonce="1", algorithm=SHA3',
    'Digest realm="r"',
    "",
  ]) {
    assert.equal(auth.challenged(parseChallenges([challenge]), false), false, challenge);
  }
});

test("parseChallenges: tells challenges and parameters apart", () => {
  const read = (...values: string[]): unknown =>
    parseChallenges(values).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
  assert.deepEqual(read('Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'), [
    ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
    ["basic", { realm: "simple" }],
  ]);
  assert.deepEqual(read("Negotiate", 'NTLM TlRMTVNTUAAC==, DIGEST REALM = "a, b", nonce=x'), [
    ["negotiate", {}],
    ["ntlm", {}],
    ["digest", { realm: "a, b", nonce: "x" }],
  ]);
  assert.deepEqual(read("", ",", '="x"'), []);
});
