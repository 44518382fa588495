import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ConnectionOptions, connect, type TlsOptions } from "node:tls";
import { createAuthority, type IssuedCertificate, selfSigned, WireServer } from "./index.js";

const authority = createAuthority();
const refused = /^(closed|ECONNRESET|ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)$/;

/** What a client of this server sees: the protocol, or the error's code. */
const handshake = async (tls: TlsOptions, client: ConnectionOptions): Promise<string> => {
  await using server = await WireServer.start({ tls, script: ["readRequest", { replyOk: "secret" }, "end"] });
  const socket = connect({ host: "127.0.0.1", port: server.port, servername: "localhost", ...client });
  socket.write("GET / HTTP/1.1\r\n\r\n");
  const outcome = await new Promise<string>((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("close", () => resolve("closed"));
    socket.once("data", (chunk: Buffer) =>
      resolve(chunk.toString().includes("secret") ? "served" : "garbage"),
    );
  });
  socket.destroy();
  if (!socket.closed) await once(socket, "close");
  return outcome;
};

const good = authority.issue({ names: ["localhost", "127.0.0.1", "::1", "*.example.test"] });

test("createAuthority: issues what node:tls accepts, for each of its names", async () => {
  for (const servername of ["localhost", "a.example.test"]) {
    assert.equal(await handshake(good, { ca: good.ca, servername }), "served");
  }
  assert.equal(await handshake(good, { ca: good.ca, host: "127.0.0.1", servername: "" }), "served");
});

test("issue: a wrong name, a stranger's authority, an expired and a future certificate are refused as such", async () => {
  // Without `ca`, which a server would send along with its chain.
  const code = ({ key, cert, ca }: IssuedCertificate, trusted = ca): Promise<string> =>
    handshake({ key, cert }, { ca: trusted });
  assert.equal(await code(authority.issue({ names: ["other.test"] })), "ERR_TLS_CERT_ALTNAME_INVALID");
  assert.equal(await code(good, createAuthority().cert), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  const expired = authority.issue({ names: ["localhost"], notAfter: new Date(Date.now() - 1000) });
  assert.equal(await code(expired), "CERT_HAS_EXPIRED");
  const future = authority.issue({
    names: ["localhost"],
    notBefore: new Date(Date.now() + 3_600_000),
    days: 1,
  });
  assert.equal(await code(future), "CERT_NOT_YET_VALID");
  const self = selfSigned({ names: ["localhost"] });
  assert.equal(await code(self, good.ca), "DEPTH_ZERO_SELF_SIGNED_CERT");
  assert.equal(await code(self), "served");
});

test("intermediate: what it issues carries its chain", async () => {
  const issued = authority
    .intermediate()
    .intermediate("Lower")
    .issue({ names: ["localhost"] });
  assert.equal(issued.cert.match(/BEGIN CERTIFICATE/g)?.length, 3);
  assert.equal(await handshake(issued, { ca: authority.cert }), "served");
  const leafAlone = `${issued.cert.split("-----END CERTIFICATE-----")[0]}-----END CERTIFICATE-----\n`;
  assert.equal(
    await handshake({ key: issued.key, cert: leafAlone }, { ca: authority.cert }),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  );
});

test("issue: a client certificate is accepted where one is asked for, a server's is not", async () => {
  const tls = { ...good, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const { key, cert } = authority.issue({ names: ["client"], clientAuth: true });
  assert.equal(await handshake(tls, { ca: good.ca, key, cert }), "served");
  assert.match(await handshake(tls, { ca: good.ca }), refused);
  assert.match(await handshake(tls, { ca: good.ca, key: good.key, cert: good.cert }), refused);
});

test("issue: writes names, addresses and times as given", () => {
  const { cert } = authority.issue({
    names: ["a.test", "10.1.2.3", "::ffff:1.2.3.4", "2001:db8:0:0:1::", "::1"],
    notBefore: new Date("1949-12-31T23:59:59Z"),
    notAfter: new Date("2050-01-01T00:00:00Z"),
  });
  const parsed = new X509Certificate(cert);
  assert.equal(
    parsed.subjectAltName,
    "DNS:a.test, IP Address:10.1.2.3, IP Address:0:0:0:0:0:FFFF:102:304, IP Address:2001:DB8:0:0:1:0:0:0, IP Address:0:0:0:0:0:0:0:1",
  );
  assert.deepEqual([parsed.subject, parsed.ca], ["CN=a.test", false]);
  assert.equal(new Date(parsed.validFrom).toISOString(), "1949-12-31T23:59:59.000Z");
  assert.equal(new Date(parsed.validTo).toISOString(), "2050-01-01T00:00:00.000Z");
  assert.ok(parsed.verify(new X509Certificate(authority.cert).publicKey));
  assert.ok(new X509Certificate(authority.cert).ca);
  assert.throws(() => authority.issue({ names: [] }), /needs at least one name/);
});

test("issue: openssl agrees, where it is installed", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "trunkline-certificates-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "ca.pem"), authority.cert);
  writeFileSync(join(directory, "leaf.pem"), good.cert);
  const args = [
    "verify",
    "-x509_strict",
    "-purpose",
    "sslserver",
    "-verify_hostname",
    "localhost",
    "-CAfile",
    "ca.pem",
    "leaf.pem",
  ];
  const run = spawnSync("openssl", args, { cwd: directory, encoding: "utf8" });
  if (run.error !== undefined) return t.diagnostic("openssl is not installed: not checked");
  assert.equal(`${run.stdout}${run.stderr}`, "leaf.pem: OK\n");
});
