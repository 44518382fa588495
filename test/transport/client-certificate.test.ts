import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, NetworkError, Transport } from "../../src/index.js";
import { createAuthority, FriendlyServer } from "../../src/testing/index.js";

test("tls: a client certificate that is missing is asked for in words, in TLS 1.3 too; one that is there is used", async () => {
  const authority = createAuthority();
  const { key, cert } = authority.issue({ names: ["127.0.0.1"] });
  const own = authority.issue({ names: ["me"], clientAuth: true });
  await using server = await FriendlyServer.start({
    tls: { key, cert, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
  });
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await using without = new Transport({ tls: { ca: authority.cert, maxVersion } });
    await assert.rejects(new Client({ transport: without }).get(server.url("/json")), (error) => {
      assert.ok(error instanceof NetworkError);
      assert.match(error.code, /^ERR_TRUNKLINE_TLS/);
      assert.match(error.message, /^[^\n]*: .*client certificate.* see .*tls\.cert and tls\.key$/);
      assert.doesNotMatch(error.message, /openssl|\n/);
      return true;
    });
    const { ca } = own;
    await using transport = new Transport({ tls: { ca, key: own.key, cert: own.cert, maxVersion } });
    assert.equal((await new Client({ transport }).get(server.url("/json"))).status, 200);
  }
});
