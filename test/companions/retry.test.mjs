import assert from "node:assert/strict";
import { test } from "node:test";
import isNetworkError from "is-network-error";
import pRetry from "p-retry";
import { Client, createFetch, fetch, NetworkError, Transport } from "trunkline";
import { serve } from "./server.mjs";

const options = { retries: 2, minTimeout: 1 };

test("p-retry: a client's failures are tried again through createFetch, and not without", async () => {
  const server = await serve();
  const transport = new Transport();
  const client = new Client({ transport });
  const given = createFetch(client);
  let tries = 0;
  const counted = (call) => () => {
    tries += 1;
    return call(`${server.origin}/die`);
  };
  await assert.rejects(pRetry(counted(given), options), (error) => error.cause instanceof NetworkError);
  assert.equal(tries, 3);
  tries = 0;
  await assert.rejects(
    pRetry(
      counted((url) => client.get(url)),
      options,
    ),
    NetworkError,
  );
  assert.equal(tries, 1);
  await transport.close();
  await server.close();
});

test("is-network-error and p-retry: module-level fetch fails as the platform's does", async () => {
  const server = await serve();
  for (const each of [globalThis.fetch, fetch]) {
    const error = await each(`${server.origin}/die`).catch((reason) => reason);
    assert.ok(isNetworkError(error), String(error));
    let tries = 0;
    await assert.rejects(
      pRetry(() => {
        tries += 1;
        return each(`${server.origin}/die`);
      }, options),
      TypeError,
    );
    assert.equal(tries, 3);
  }
  await server.close();
});
