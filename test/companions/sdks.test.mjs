import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Octokit } from "@octokit/core";
import axios from "axios";
import ky from "ky";
import { createFetch } from "ofetch";
import OpenAI from "openai";
import createClient from "openapi-fetch";
import Stripe from "stripe";
import { Client, fetch, Headers, Transport } from "trunkline";
import wretch from "wretch";
import { serve } from "./server.mjs";

let server;
const transport = new Transport();
const client = new Client({ transport });
/** What SDKs are handed: the client's fetch, bound. */
const clientFetch = (input, init) => client.fetch(input, init);

before(async () => {
  server = await serve();
});
after(async () => {
  await transport.close();
  await server.close();
});

for (const [name, given] of [
  ["module-level fetch", fetch],
  ["a client's fetch", clientFetch],
]) {
  describe(`over ${name}`, () => {
    test("ky", async () => {
      const api = ky.create({ fetch: given, prefix: server.origin });
      assert.equal((await api.get("a", { searchParams: { q: 1 } }).json()).url, "/a?q=1");
      assert.equal((await api.post("a", { json: { x: 1 } }).json()).body, '{"x":1}');
      await assert.rejects(api.get("busy", { retry: 0 }), { name: "HTTPError" });
    });

    test("openapi-fetch", async () => {
      const api = createClient({ baseUrl: server.origin, fetch: given });
      const { data } = await api.POST("/a", { body: { x: 1 }, params: { query: { q: 1 } } });
      assert.deepEqual([data.url, data.body], ["/a?q=1", '{"x":1}']);
    });

    test("wretch", async () => {
      const api = wretch(server.origin).polyfills({ fetch: given });
      assert.equal((await api.url("/a").post({ x: 1 }).json()).body, '{"x":1}');
    });

    test("axios", async () => {
      const api = axios.create({
        baseURL: server.origin,
        adapter: "fetch",
        env: { fetch: given, Request: null, Response: null },
      });
      const { data } = await api.post("/a", { x: 1 }, { params: { q: 1 } });
      assert.deepEqual([data.url, data.body], ["/a?q=1", '{"x":1}']);
      await assert.rejects(api.get("/busy"), (error) => error.response.status === 503);
    });

    test("Octokit", async () => {
      const api = new Octokit({ baseUrl: server.origin, request: { fetch: given } });
      assert.equal(
        (await api.request("POST /repos/{owner}/{repo}/issues", { owner: "o", repo: "r", title: "t" })).data
          .url,
        "/repos/o/r/issues",
      );
    });

    test("OpenAI, a stream too", async () => {
      const api = new OpenAI({ apiKey: "k", baseURL: `${server.origin}/v1`, fetch: given, maxRetries: 0 });
      const question = { model: "m", messages: [{ role: "user", content: "Hi" }] };
      assert.equal((await api.chat.completions.create(question)).choices[0].message.content, "Hello");
      let text = "";
      for await (const part of await api.chat.completions.create({ ...question, stream: true }))
        text += part.choices[0].delta.content;
      assert.equal(text, "Hello");
    });

    test("Anthropic, a stream too", async () => {
      const api = new Anthropic({ apiKey: "k", baseURL: server.origin, fetch: given, maxRetries: 0 });
      const question = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] };
      assert.equal((await api.messages.create(question)).content[0].text, "Hello");
      let text = "";
      for await (const part of await api.messages.create({ ...question, stream: true }))
        text += part.delta?.text ?? "";
      assert.equal(text, "Hello");
    });

    test("Stripe", async () => {
      const { hostname, port } = new URL(server.origin);
      const api = new Stripe("sk_test_x", {
        host: hostname,
        port,
        protocol: "http",
        httpClient: Stripe.createFetchHttpClient(given),
        maxNetworkRetries: 0,
      });
      const customer = await api.customers.create({ email: "a@example.com" });
      assert.equal(customer.received, "email=a%40example.com");
    });
  });
}

test("ofetch passes options of its own, so it gets module-level fetch", async () => {
  const api = createFetch({ fetch, Headers: globalThis.Headers });
  const answer = await api("/a", {
    baseURL: server.origin,
    query: { q: 1 },
    method: "POST",
    body: { x: 1 },
    retry: 0,
  });
  assert.deepEqual([answer.url, answer.body], ["/a?q=1", '{"x":1}']);
  const ours = createFetch({ fetch, Headers });
  assert.equal((await ours("/a", { baseURL: server.origin })).url, "/a");
});

test("all of it went over few connections", () => {
  assert.ok(server.connections <= 4, `${server.connections} connections`);
});
