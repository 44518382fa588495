// What reads into memory that is used again: BYOB readers, `saveTo`, `download`.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Client, fetch, HTTPError, NetworkError, Response } from "../../src/index.js";

const CONTENT = Buffer.alloc(3_000_000, "0123456789abcdef-");
let folder = "";
let seen: IncomingMessage["headers"][] = [];
/** What the server does with a request for the file. */
let cutAt = Number.POSITIVE_INFINITY;
let etag: string | undefined = '"v1"';
let chunked = false;
let ignoresRange = false;
/** Answers with ranges of another file too. */
let ignoresIfRange = false;
/** How many bytes of a range do not come. */
let short = 0;
let gzipped = false;
/** The one range that answers everything. */
let alwaysRange: string | undefined;
let modified: string | undefined;
let dated = new Date().toUTCString();

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  seen.push(request.headers);
  if (request.url === "/404") return void response.writeHead(404).end("no such file");
  if (alwaysRange !== undefined) {
    const headers = { "content-range": alwaysRange, etag: '"v1"' };
    return void response.writeHead(206, headers).end(CONTENT.subarray(0, 100));
  }
  const { range } = request.headers;
  const valid =
    range !== undefined &&
    !ignoresRange &&
    (ignoresIfRange || request.headers["if-range"] === (etag ?? modified));
  const from = valid ? Number(/\d+/.exec(range)?.[0]) : 0;
  if (from >= CONTENT.length) return void response.writeHead(416).end();
  const content = gzipped
    ? gzipSync(CONTENT, { level: 0 })
    : CONTENT.subarray(from, valid ? CONTENT.length - short : CONTENT.length);
  response.setHeader("date", dated);
  response.writeHead(valid ? 206 : 200, {
    ...(gzipped ? { "content-encoding": "gzip" } : {}),
    ...(modified === undefined ? {} : { "last-modified": modified }),
    ...(chunked ? {} : { "content-length": content.length }),
    ...(etag === undefined ? {} : { etag }),
    ...(valid ? { "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` } : {}),
  });
  if (cutAt < content.length) response.write(content.subarray(0, cutAt), () => response.destroy());
  else response.end(content);
  return undefined;
});
const url = (path = "/file"): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async (t) => {
  folder = await mkdtemp(join(tmpdir(), "trunkline-save-"));
  seen = [];
  [cutAt, etag, chunked, ignoresRange] = [Number.POSITIVE_INFINITY, '"v1"', false, false];
  [ignoresIfRange, short, gzipped, modified] = [false, 0, false, undefined];
  alwaysRange = undefined;
  dated = new Date().toUTCString();
  const made = folder;
  (t as { after?: (act: () => Promise<void>) => void }).after?.(() =>
    rm(made, { recursive: true, force: true }),
  );
});
const named = (name = "file"): string => join(folder, name);

describe("BYOB readers", () => {
  for (const framing of ["a length", "chunks"]) {
    for (const size of [1, 1000, 65_536, 300_000, 4_000_000]) {
      test(`response.body: fills views of ${size} bytes, of a body with ${framing}`, async () => {
        chunked = framing === "chunks";
        const reader = ((await fetch(url())).body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
        const parts: Buffer[] = [];
        let bytes = 0;
        const most = size === 1 ? 2000 : CONTENT.length;
        for (let memory = new ArrayBuffer(size); bytes < most; ) {
          const { value, done } = await reader.read(new Uint8Array(memory));
          if (done || value === undefined) break;
          assert.ok(value.byteLength > 0);
          parts.push(Buffer.copyBytesFrom(value));
          bytes += value.byteLength;
          memory = value.buffer as ArrayBuffer;
        }
        const all = Buffer.concat(parts);
        assert.ok(all.equals(CONTENT.subarray(0, all.length)));
        assert.ok(all.length >= Math.min(most, CONTENT.length));
        await reader.cancel();
      });
    }
  }

  test("response.body: a reader of views and one of chunks take turns", async () => {
    const body = (await fetch(url())).body as ReadableStream<Uint8Array>;
    const parts: Buffer[] = [];
    for (let turn = 0; ; turn += 1) {
      const byob = turn % 2 === 0;
      const reader = byob ? body.getReader({ mode: "byob" }) : body.getReader();
      const step = await (byob
        ? (reader as ReadableStreamBYOBReader).read(new Uint8Array(100_000))
        : (reader as ReadableStreamDefaultReader<Uint8Array>).read());
      reader.releaseLock();
      if (step.done) break;
      parts.push(Buffer.copyBytesFrom(step.value as Uint8Array));
    }
    assert.ok(Buffer.concat(parts).equals(CONTENT));
  });

  test("response.body: a body that breaks off fails the reader behind what came", async () => {
    cutAt = 1_000_000;
    const reader = ((await fetch(url())).body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
    const all = (async () => {
      for (;;) if ((await reader.read(new Uint8Array(100_000))).done) return;
    })();
    await assert.rejects(all, { name: "TypeError", message: "terminated" });
  });
});

describe("response.saveTo", () => {
  for (const framing of ["a length", "chunks"]) {
    test(`saves a body with ${framing}, and reports its progress`, async () => {
      chunked = framing === "chunks";
      const told: { bytes: number; total?: number }[] = [];
      const response = await fetch(url());
      const saved = await response.saveTo(named(), { onProgress: (progress) => void told.push(progress) });
      assert.deepEqual(saved, { bytes: CONTENT.length });
      assert.ok((await readFile(named())).equals(CONTENT));
      assert.deepEqual(told.at(-1), { bytes: CONTENT.length, ...(chunked ? {} : { total: CONTENT.length }) });
      assert.ok(told.every(({ bytes }, i) => i === 0 || bytes > (told[i - 1] as { bytes: number }).bytes));
      assert.equal(response.bodyUsed, true);
      assert.deepEqual(await readdir(folder), ["file"]);
    });
  }

  test("onProgress runs in the async context of the call", async () => {
    const storage = new AsyncLocalStorage<string>();
    const contexts = new Set<string | undefined>();
    await storage.run("mine", async () => {
      const response = await fetch(url());
      await response.saveTo(named(), { onProgress: () => void contexts.add(storage.getStore()) });
    });
    assert.deepEqual([...contexts], ["mine"]);
  });

  test("leaves what was there, and nothing else, when the body breaks off", async () => {
    await writeFile(named(), "before");
    cutAt = 1_000_000;
    await assert.rejects((await fetch(url())).saveTo(named()), { message: "terminated" });
    await assert.rejects((await new Client().get(url())).saveTo(named()), NetworkError);
    assert.equal(await readFile(named(), "utf8"), "before");
    assert.deepEqual(await readdir(folder), ["file"]);
  });

  test("ends by an abort, by what a listener throws, and where it cannot write", async () => {
    const controller = new AbortController();
    const response = await fetch(url(), { signal: controller.signal });
    const stop = { onProgress: () => controller.abort(new Error("enough")) };
    await assert.rejects(response.saveTo(named(), stop), /enough/);
    const thrown = new Error("mine");
    const failing = {
      onProgress: () => {
        throw thrown;
      },
    };
    await assert.rejects((await fetch(url())).saveTo(named(), failing), thrown);
    await assert.rejects((await fetch(url())).saveTo(join(folder, "none", "file")), { code: "ENOENT" });
    await assert.rejects((await fetch(url())).saveTo(folder), { code: "EISDIR" });
    assert.deepEqual(await readdir(folder), []);
  });

  test("saves what was made by hand, an empty body and none; refuses one that was used", async () => {
    assert.deepEqual(await new Response("text").saveTo(named()), { bytes: 4 });
    assert.equal(await readFile(named(), "utf8"), "text");
    assert.deepEqual(await new Response(null).saveTo(named("empty")), { bytes: 0 });
    assert.equal((await stat(named("empty"))).size, 0);
    const used = new Response("x");
    await used.text();
    await assert.rejects(used.saveTo(named()), /already been used/);
  });

  test("keeps a link, and replaces what it points to", async () => {
    await writeFile(named("real"), "before");
    await symlink(named("real"), named("link"));
    await new Response("after").saveTo(named("link"));
    assert.equal(await readFile(named("real"), "utf8"), "after");
    assert.deepEqual((await readdir(folder)).sort(), ["link", "real"]);
  });
});

describe("client.download", () => {
  const client = new Client();

  test("downloads a file", async () => {
    assert.deepEqual(await client.download(url(), named()), { bytes: CONTENT.length, resumed: 0 });
    assert.ok((await readFile(named())).equals(CONTENT));
    assert.deepEqual(await readdir(folder), ["file"]);
  });

  test("writes no file when the status is not a success", async () => {
    await assert.rejects(client.download(url("/404"), named()), HTTPError);
    await assert.rejects(client.download(url("/404"), named(), { resume: true }), HTTPError);
    assert.deepEqual(await readdir(folder), []);
  });

  /** A first attempt that breaks off, and leaves this much. */
  async function broken(): Promise<number> {
    cutAt = 1_000_000;
    await assert.rejects(client.download(url(), named(), { resume: true }), NetworkError);
    cutAt = Number.POSITIVE_INFINITY;
    return (await stat(named("file.part")).catch(() => ({ size: 0 }))).size;
  }

  test("goes on from what an earlier attempt left", async () => {
    const left = await broken();
    assert.ok(left > 0 && left <= 1_000_000);
    const told: { bytes: number; total?: number }[] = [];
    const onSaved = (progress: { bytes: number; total?: number }): void => void told.push(progress);
    const done = await client.download(url(), named(), { resume: true, onSaved });
    assert.deepEqual(done, { bytes: CONTENT.length, resumed: left });
    assert.equal(seen.at(-1)?.range, `bytes=${left}-`);
    assert.equal(seen.at(-1)?.["if-range"], '"v1"');
    assert.deepEqual(told.at(-1), { bytes: CONTENT.length, total: CONTENT.length });
    assert.ok((await readFile(named())).equals(CONTENT));
    assert.deepEqual(await readdir(folder), ["file"]);
  });

  for (const [what, change] of [
    ["the file is another by now", () => (etag = '"v2"')],
    ["the server knows no ranges", () => (ignoresRange = true)],
    [
      "the server gives a range of another file",
      () => {
        etag = '"v2"';
        ignoresIfRange = true;
      },
    ],
  ] as const) {
    test(`begins again where ${what}`, async () => {
      await broken();
      change();
      const done = await client.download(url(), named(), { resume: true });
      assert.deepEqual(done, { bytes: CONTENT.length, resumed: 0 });
      assert.ok((await readFile(named())).equals(CONTENT));
      assert.deepEqual(await readdir(folder), ["file"]);
    });
  }

  test("takes no part for the whole file, whoever asked for it", async () => {
    const message = `Cannot save ${named()}: the server sent a part of the file (206), and the whole file was asked for; with resume, send no Range header`;
    const ranged = { resume: true, headers: { range: "bytes=10-", "if-range": '"v1"' } };
    await assert.rejects(client.download(url(), named(), ranged), { name: "TypeError", message });
    assert.deepEqual(await readdir(folder), []);
    // A server that answers everything with one range, of which it does not even say the end.
    const left = await broken();
    alwaysRange = "bytes 0-99/*";
    await assert.rejects(client.download(url(), named(), { resume: true }), { name: "TypeError", message });
    assert.deepEqual([seen.at(-2)?.range, seen.at(-1)?.range], [`bytes=${left}-`, undefined]);
    // What there is of the file is not spoiled by that.
    alwaysRange = undefined;
    const done = await client.download(url(), named(), { resume: true });
    assert.deepEqual(done, { bytes: CONTENT.length, resumed: left });
    assert.ok((await readFile(named())).equals(CONTENT));
  });

  test("decodes what comes in a coding, of which no part can be continued", async () => {
    gzipped = true;
    assert.equal(await broken(), 0);
    assert.deepEqual(await readdir(folder), []);
    const done = await client.download(url(), named(), { resume: true });
    assert.deepEqual(done, { bytes: CONTENT.length, resumed: 0 });
    assert.ok((await readFile(named())).equals(CONTENT));
  });

  test("is not complete with a range that is shorter than it says", async () => {
    const left = await broken();
    short = 500;
    await assert.rejects(client.download(url(), named(), { resume: true }), {
      message: `Cannot save ${named()}: the server sent ${CONTENT.length - left - 500} bytes for the rest of the file, which has ${CONTENT.length - left}; the part is kept, call download again`,
    });
    short = 0;
    const done = await client.download(url(), named(), { resume: true });
    assert.deepEqual(done, { bytes: CONTENT.length, resumed: CONTENT.length - 500 });
    assert.ok((await readFile(named())).equals(CONTENT));
  });

  test("goes by a date that is a second older than the response, and by none that is younger", async () => {
    const now = Math.trunc(Date.now() / 1000) * 1000;
    for (const [age, kept] of [
      [1000, true],
      [0, false],
    ] as const) {
      etag = undefined;
      dated = new Date(now).toUTCString();
      modified = new Date(now - age).toUTCString();
      const left = await broken();
      assert.equal(left > 0, kept);
      const done = await client.download(url(), named(), { resume: true });
      assert.deepEqual(done, { bytes: CONTENT.length, resumed: left });
      assert.equal(seen.at(-1)?.["if-range"], kept ? modified : undefined);
    }
  });

  test("refuses two at once to one file, and keeps no URL beside a part", async () => {
    const first = client.download(url("/file?token=secret"), named(), { resume: true });
    await assert.rejects(client.download(url("/file?token=secret"), named(), { resume: true }), {
      message: `Cannot download to ${named()}: another download with resume writes to the same file; wait for it`,
    });
    await first;
    await broken();
    assert.doesNotMatch(await readFile(named("file.part.json"), "utf8"), /127\.0\.0\.1|secret/);
  });

  for (const [what, tag] of [
    ["no validator", undefined],
    ["a weak one", 'W/"v1"'],
  ] as const) {
    test(`keeps no part where the server has ${what}`, async () => {
      etag = tag;
      assert.equal(await broken(), 0);
      assert.deepEqual(await readdir(folder), []);
      assert.deepEqual(await client.download(url(), named(), { resume: true }), {
        bytes: CONTENT.length,
        resumed: 0,
      });
    });
  }

  test("begins again with a part that is of another URL, or longer than the file", async () => {
    await broken();
    const other = await client.download(url("/other"), named(), { resume: true });
    assert.equal(other.resumed, 0);
    await writeFile(named("file.part"), Buffer.alloc(CONTENT.length + 1));
    await writeFile(
      named("file.part.json"),
      JSON.stringify({ urlHash: createHash("sha256").update(url()).digest("hex"), validator: '"v1"' }),
    );
    const done = await client.download(url(), named(), { resume: true });
    assert.equal(done.resumed, 0);
    assert.ok((await readFile(named())).equals(CONTENT));
  });
});
