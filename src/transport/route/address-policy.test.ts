import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressPolicy, isPublicAddress } from "./address-policy.js";

// As they may stand in a URL: the URL parser turns each spelling into the address that would be connected to.
const refused: readonly string[] = [
  // loopback and "this host"
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "0x7F.0x0.0x0.0x1",
  "127.0.0.1.",
  "0",
  "0.0.0.0",
  "0x0",
  "0.1.2.3",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:127.0.0.1]",
  "[::127.0.0.1]",
  "[::7f00:1]",
  // private
  "10.0.0.1",
  "10.255.255.255",
  "10.1",
  "167772161",
  "0xa.0.0.1",
  "012.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.65535",
  "0xc0a80001",
  "3232235521",
  "[::ffff:10.0.0.1]",
  "[::ffff:c0a8:101]",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  "[fec0::1]",
  // link-local and cloud metadata
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "169.16689662",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[fe80::1]",
  "[fe80::a9fe:a9fe]",
  "[febf::1]",
  "[fd00:ec2::254]",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  // carrier-grade NAT, protocol assignments, benchmarks, documentation
  "100.64.0.1",
  "100.127.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "192.88.99.1",
  "[2001:db8::1]",
  "[3fff::1]",
  "[2001:2::1]",
  "[2001:10::1]",
  "[2001:20::1]",
  "[100::1]",
  "[5f00::1]",
  // multicast, reserved, broadcast
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "4294967295",
  "0xffffffff",
  "[ff02::1]",
  "[ff0e::1]",
  // wrapped in IPv6: NAT64, 6to4, Teredo (the client's address is inverted), ISATAP, translated, compatible
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b::10.0.0.1]",
  "[64:ff9b:1::10.0.0.1]",
  "[64:ff9b:1::8.8.8.8]",
  "[2002:7f00:1::]",
  "[2002:a00:1::1]",
  "[2002:a9fe:a9fe::1]",
  "[2002:c0a8:101::1]",
  "[2001:0:808:808::80ff:fffe]",
  "[2001:0:a00:1::f7f7:f7f7]",
  "[2001:0:808:808::f5ff:fffe]",
  "[2a00:1450::5efe:10.0.0.1]",
  "[2a00:1450::200:5efe:192.168.0.1]",
  "[::ffff:0:10.0.0.1]",
  "[::ffff:0:8.8.8.8]",
  "[::8.8.8.8]",
];

const allowed: readonly string[] = [
  "8.8.8.8",
  "134744072",
  "0x8080808",
  "010.8.8.8",
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "168.63.129.17",
  "223.255.255.255",
  "[2606:4700:4700::1111]",
  "[2a00:1450:4001:80b::200e]",
  "[2001:4860:4860::8888]",
  "[2001:200::1]",
  "[::ffff:8.8.8.8]",
  "[64:ff9b::8.8.8.8]",
  "[2002:808:808::1]",
  "[2001:0:808:808::f7f7:f7f7]",
  "[2620:fe::fe]",
  "[3ffe::1]",
];

const hostOf = (spelling: string): string => new URL(`http://${spelling}/`).hostname.replace(/^\[|\]$/g, "");

test("isPublicAddress: refuses every spelling of an address that is not public", () => {
  assert.ok(refused.length >= 80, `${refused.length} spellings`);
  for (const spelling of refused) assert.equal(isPublicAddress(hostOf(spelling)), false, spelling);
});

test("isPublicAddress: allows public addresses up to the edges of the blocks", () => {
  for (const spelling of allowed) assert.equal(isPublicAddress(hostOf(spelling)), true, spelling);
  assert.equal(isPublicAddress("4000:0:1::"), false, "outside global unicast");
});

test("isPublicAddress: judges resolver spellings, which no URL parser has seen", () => {
  for (const address of [
    "::ffff:127.0.0.1",
    "::FFFF:7F00:1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "FE80::1%eth0",
    "2606:4700::1%1",
    "64:FF9B::10.1.2.3",
  ]) {
    assert.equal(isPublicAddress(address), false, address);
  }
  for (const nonsense of [
    "",
    "localhost",
    "example.test",
    "8.8.8",
    "8.8.8.8.",
    " 8.8.8.8",
    "[::1]",
    "1::2::3",
  ]) {
    assert.equal(isPublicAddress(nonsense), false, JSON.stringify(nonsense));
  }
});

test("isPublicAddress: an IPv4 address is judged the same inside IPv4-mapped and NAT64 forms", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, byte, byte, (a, b, c, d) => {
      const address = `${a}.${b}.${c}.${d}`;
      const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
      for (const wrapped of [`::ffff:${address}`, `::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`]) {
        assert.equal(isPublicAddress(wrapped), isPublicAddress(address), wrapped);
      }
    }),
  );
});

test("addressPolicy: gives the function for each value of the option", () => {
  const own = (address: string): boolean => address === "192.0.2.1";
  assert.equal(addressPolicy(undefined), undefined);
  assert.equal(addressPolicy(own)?.("192.0.2.1", "a.test"), true);
  assert.equal(addressPolicy(own)?.("192.0.2.2", "a.test"), false);
  assert.equal(addressPolicy("public")?.("10.0.0.1", "intern.test"), false);
  assert.equal(addressPolicy("public")?.("8.8.8.8", "dns.test"), true);
});
