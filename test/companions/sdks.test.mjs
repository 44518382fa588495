import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Octokit } from "@octokit/core";
import { createTRPCClient, httpLink } from "@trpc/client";
import axios from "axios";
import { EventSource } from "eventsource";
import { Gaxios } from "gaxios";
import { GraphQLClient } from "graphql-request";
import ky from "ky";
import { createFetch as createOfetch } from "ofetch";
import OpenAI from "openai";
import createClient from "openapi-fetch";
import Stripe from "stripe";
import { Client, createFetch, fetch, Headers, Transport } from "trunkline";
import { createAuthority } from "trunkline/testing";
import wretch from "wretch";
import { serve } from "./server.mjs";

const authority = createAuthority();
const transport = new Transport({ tls: { ca: authority.cert } });
/** What SDKs are given where a client's options are wanted. */
const clientFetch = createFetch(new Client({ transport, headers: { "x-client": "1" } }));

const plain = {};
const secure = {};
before(async () => {
  Object.assign(plain, { server: await serve() });
  Object.assign(secure, { server: await serve(undefined, authority.issue({ names: ["127.0.0.1"] })) });
});
after(async () => {
  await transport.close();
  await plain.server.close();
  await secure.server.close();
});

for (const [name, given, at] of [
  ["module-level fetch", fetch, plain],
  ["createFetch", clientFetch, plain],
  ["createFetch and HTTP/2", clientFetch, secure],
]) {
  describe(`over ${name}`, () => {
    let server;
    before(() => {
      server = at.server;
    });

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
      const { hostname, port, protocol } = new URL(server.origin);
      const api = new Stripe("sk_test_x", {
        host: hostname,
        port,
        protocol: protocol.slice(0, -1),
        httpClient: Stripe.createFetchHttpClient(given),
        maxNetworkRetries: 0,
      });
      const customer = await api.customers.create({ email: "a@example.com" });
      assert.equal(customer.received, "email=a%40example.com");
    });

    test("ofetch and gaxios, which pass options of their own on", async () => {
      const api = createOfetch({ fetch: given, Headers: globalThis.Headers });
      const init = { baseURL: server.origin, query: { q: 1 }, method: "POST", body: { x: 1 }, retry: 0 };
      const answer = await api("/a", init);
      assert.deepEqual([answer.url, answer.body], ["/a?q=1", '{"x":1}']);
      const google = new Gaxios({ fetchImplementation: given });
      const { data } = await google.request({ url: `${server.origin}/a`, method: "POST", data: { x: 1 } });
      assert.equal(data.body, '{"x":1}');
      await assert.rejects(google.request({ url: `${server.origin}/busy`, retry: false }), { code: 503 });
    });

    test("graphql-request and tRPC", async () => {
      const api = new GraphQLClient(`${server.origin}/graphql`, { fetch: given });
      assert.deepEqual(await api.request("query ($name: String) { hello }", { name: "you" }), {
        hello: "you",
      });
      const trpc = createTRPCClient({ links: [httpLink({ url: `${server.origin}/trpc`, fetch: given })] });
      assert.equal(await trpc.hello.query("you"), 'hello "you"');
    });

    test("eventsource", async () => {
      const source = new EventSource(`${server.origin}/events`, { fetch: given });
      const seen = [];
      await new Promise((done, failed) => {
        source.addEventListener("tick", ({ data }) => seen.push(data) === 2 && done());
        source.onerror = failed;
      });
      source.close();
      assert.deepEqual(seen, ["1", "2"]);
    });

    test("axios wraps a failed connection", async () => {
      const env = { fetch: given, Request: null, Response: null };
      const call = axios.get("http://127.0.0.1:3/", { adapter: "fetch", env });
      await assert.rejects(call, (error) => axios.isAxiosError(error) && error.code === "ERR_NETWORK");
    });
  });
}

test("ofetch takes our Headers too", async () => {
  const ours = createOfetch({ fetch, Headers });
  assert.equal((await ours("/a", { baseURL: plain.server.origin })).url, "/a");
});

test("all of it went over few connections", () => {
  assert.ok(plain.server.connections <= 4, `${plain.server.connections} connections`);
  assert.equal(secure.server.connections, 1);
});
