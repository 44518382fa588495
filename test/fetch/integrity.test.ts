// Subresource Integrity §3, through Fetch's `integrity`.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Client, NetworkError } from "../../src/index.js";
import { mockTransport } from "../../src/testing/index.js";
import { type Platform, same } from "./compare.js";
import { testServer } from "./server.js";

const url = testServer();
const hash = (kind: string, text = "h"): string =>
  `${kind}-${createHash(kind).update(text).digest("base64")}`;
const wrong = (kind: string): string => hash(kind, "other");

same("fetch: gives a body only where it has one of the digests", {
  ...Object.fromEntries(
    [
      ...[hash("sha256"), hash("sha384"), hash("sha512"), wrong("sha256"), wrong("sha512")],
      ...[
        `${wrong("sha256")} ${hash("sha256")}`,
        `${hash("sha256")} ${wrong("sha512")}`,
        `${wrong("sha256")} ${hash("sha512")}`,
      ],
      ...[
        "",
        " ",
        "nonsense",
        "md5-x",
        "sha1-x",
        `  ${hash("sha256")}  `,

        `${hash("sha256")} nonsense`,
      ],
    ].map((integrity) => [
      JSON.stringify(integrity),
      ({ fetch }: Platform) =>
        fetch(url("/headers"), { integrity }).then(
          (response) => response.text(),
          (error) => error.message,
        ),
    ]),
  ),
});

test("Client: fails with a code of its own when the body is another", async () => {
  const client = new Client({ transport: mockTransport(() => "h") });
  assert.equal(await client.get("http://a.test/", { integrity: hash("sha256") }).text(), "h");
  const error = await client
    .get("http://a.test/", { integrity: wrong("sha256") })
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof NetworkError);
  assert.equal(error.code, "ERR_TRUNKLINE_INTEGRITY");
  assert.match(error.message, /its hash is sha256-/);
});
