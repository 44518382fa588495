import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { explainById } from "../../src/explain/index.js";
import type { Init } from "../../src/index.js";
import { seededRandom, type WireScript } from "../../src/testing/index.js";
import { clientOf, until, World } from "../transport/support.js";

// A secret is put in every place that a request has for one, the request succeeds or fails in every way, and no
// report, recording, decision, channel message or error message may show it. (Paths are kept, and documented as kept.)

const RUNS = Number(process.env["TRUNKLINE_SEEDS"] ?? 150);

type Place = (secret: string, url: URL, init: Init) => void;

const PLACES: Readonly<Record<string, Place>> = {
  "user name of the URL": (secret, url) => {
    url.username = secret;
    url.password = "p";
  },
  "password of the URL": (secret, url) => {
    url.username = "u";
    url.password = secret;
  },
  "query value": (secret, url) => url.searchParams.set("token", secret),
  "second query value": (secret, url) => url.searchParams.append("a", `x=${secret}`),
  "query option": (secret, _url, init) => {
    init.query = { key: secret };
  },
  fragment: (secret, url) => {
    url.hash = secret;
  },
  "authorization header": (secret, _url, init) => {
    init.headers = { authorization: `Bearer ${secret}` };
  },
  "cookie header": (secret, _url, init) => {
    init.headers = { cookie: `session=${secret}` };
  },
  "header of its own": (secret, _url, init) => {
    init.headers = { "x-api-key": secret };
  },
  "text body": (secret, _url, init) => {
    init.method = "POST";
    init.body = `{"password":"${secret}"}`;
  },
  "form body": (secret, _url, init) => {
    init.method = "POST";
    init.form = { password: secret };
  },
  "json body": (secret, _url, init) => {
    init.method = "POST";
    init.json = { password: secret };
  },
};

const answer =
  (text: string): WireScript =>
  async (connection) => {
    await connection.readRequest();
    await connection.reply(text);
    await connection.end();
  };

/** What the server does; it sends the secret of the request back where a response has a place for it. */
const SERVERS: Readonly<Record<string, (secret: string) => WireScript>> = {
  answers: () => [{ repeat: ["readRequest", { replyOk: "ok" }] }],
  "answers with the secret": (secret) =>
    answer(
      `HTTP/1.1 200 OK\r\nSet-Cookie: s=${secret}\r\nX-Token: ${secret}\r\nContent-Length: ${secret.length}\r\n\r\n${secret}`,
    ),
  "ends without an answer": () => ["readRequest", "end"],
  resets: () => ["readRequest", "reset"],
  "cuts the body": (secret) => answer(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${secret}`),
  "sends garbage": () => answer("HTTP/1.1 banana\r\n\r\n"),
  "sends a bad header with the secret": (secret) => answer(`HTTP/1.1 200 OK\r\nX-Token: ${secret}\0\r\n\r\n`),
  "sends a bad name before the secret": (secret) => answer(`HTTP/1.1 200 OK\r\nX Token: ${secret}\r\n\r\n`),
  "sends a bad length": (secret) =>
    answer(`HTTP/1.1 200 OK\r\nX-Token: ${secret}\r\nContent-Length: -1\r\n\r\n`),
  "sends more than it said": (secret) => answer(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${secret}`),
  "sends a bad chunk": () => answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
};

const CHANNELS = [
  "trunkline:connection:open",
  "trunkline:connection:close",
  "trunkline:exchange:end",
  "trunkline:decision",
];

/** Every text that an error shows. */
function messagesOf(error: unknown): string {
  let text = "";
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    text += `${at.message}\n${at.stack ?? ""}\n`;
  return text;
}

test(`secrets: none of ${RUNS} canaries is shown by any report, recording, channel or error message`, async () => {
  const random = seededRandom(7);
  const pick = <T>(of: Readonly<Record<string, T>>): [string, T] => {
    const entries = Object.entries(of);
    return entries[Math.floor(random() * entries.length)] as [string, T];
  };
  const published: string[] = [];
  const listener = (message: unknown): void => {
    published.push(JSON.stringify(message));
  };
  for (const name of CHANNELS) subscribe(name, listener);
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    for (let runs = 0; runs < RUNS; runs += 1) {
      const secret = `canary${runs}${Math.floor(random() * 1e9).toString(36)}`;
      const [place, put] = pick(PLACES);
      const [behaviour, serve] = pick(SERVERS);
      await using world = await World.start({ script: serve(secret) });
      const transport = world.transport({ recorder: { exchanges: runs % 2 === 0 ? 0 : 100 } });
      const path = join(folder, `${runs}.jsonl`);
      const recording = transport.recordTo(path);
      const url = new URL(world.server.url("/path"));
      if (random() < 0.1) url.port = "1";
      const init: Init = {};
      put(secret, url, init);
      let shown = "";
      try {
        const response = await clientOf(transport).fetch(url, init);
        shown += `${String(response.why())}${JSON.stringify(response.why())}`;
        await response.text();
      } catch (error) {
        shown += messagesOf(error);
      }
      await until(() => transport.snapshot().totals.active === 0, "the exchange's end");
      await recording.close();
      const held = transport.recording();
      shown += `${JSON.stringify(held)}${inspect(held, { depth: 9 })}${await readFile(path, "utf8")}`;
      const report = transport.explain();
      shown += `${String(report)}${JSON.stringify(report)}${JSON.stringify(transport.connections())}`;
      for (const { id } of held.exchanges) shown += explainById(held, `r${id}`);
      for (const { id } of held.connections) shown += explainById(held, `c${id}`);
      for (const text of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]) {
        const at = shown.indexOf(text);
        assert.equal(
          at,
          -1,
          `the ${place} is shown where the server ${behaviour}: …${shown.slice(Math.max(0, at - 80), at + 80)}`,
        );
        assert.ok(
          !published.join("\n").includes(text),
          `the ${place} is published where the server ${behaviour}`,
        );
      }
    }
  } finally {
    for (const name of CHANNELS) unsubscribe(name, listener);
    await rm(folder, { recursive: true });
  }
});
