import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CANCEL, rstStreamFrame } from "../../../src/http2/index.js";
import { Client, type Response, Transport, type TransportOptions } from "../../../src/index.js";
import { runtimeOption } from "../../../src/transport/index.js";
import { SteppedRuntime } from "../../transport/stepped-runtime.js";
import { until } from "../../transport/support.js";
import { data, greeting, head } from "../server-frames.js";

/** A connection whose every chunk is a read of its own, as every TLS record is, and which keeps what is written. */
class Records extends Duplex {
  readonly written: string[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk.toString("latin1"));
    done();
  }

  /** Brings these octets, and lets everything happen that they set off before the turn of the event loop ends. */
  async bring(octets: string): Promise<void> {
    this.push(Buffer.from(octets, "latin1"));
    for (let tick = 0; tick < 3; tick += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
  }
}

/** A client on such a connection, whose server has said its SETTINGS. Its time stands still. */
async function connected(): Promise<{
  records: Records;
  get: () => Promise<Response>;
  clock: SteppedRuntime;
  close: () => void;
}> {
  const records = new Records();
  const clock = new SteppedRuntime();
  const transport = new Transport({
    dial: async () => records,
    http2: { priorKnowledge: true },
    [runtimeOption]: clock.runtime,
  } as TransportOptions);
  const client = new Client({ transport });
  const get = (): Promise<Response> => client.get("http://127.0.0.1:1/");
  await transport.preconnect("http://127.0.0.1:1/");
  await records.bring(greeting());
  await turn();
  records.written.length = 0;
  return { records, get, clock, close: () => void transport.destroy() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const whole = (stream: number): string =>
  head(stream, 200, ["content-length", "2"]) + data(stream, "ok", true);

test("requests that the answers of one turn ask for leave in one write, though each answer is a read of its own", async () => {
  const { records, get, close } = await connected();
  const twice = async (): Promise<string> => (await (await get()).text()) + (await (await get()).text());
  const all = Promise.all([twice(), twice(), twice()]);
  await turn();
  assert.equal(records.written.length, 1);
  for (const stream of [1, 3, 5]) await records.bring(whole(stream));
  assert.equal(records.written.length, 1);
  await turn();
  assert.equal(records.written.length, 2);
  for (const stream of [7, 9, 11]) await records.bring(whole(stream));
  assert.deepEqual(await all, ["okok", "okok", "okok"]);
  close();
});

test("a request that is alone leaves at once, before the turn ends", async () => {
  const { records, get, close } = await connected();
  const done = get().then(async (response) => (await response.text()) + (await (await get()).text()));
  await turn();
  await records.bring(whole(1));
  assert.equal(records.written.length, 2);
  await records.bring(whole(3));
  assert.equal(await done, "okok");
  close();
});

test("a small body that comes in another read of the same turn is there with its head", async () => {
  const { records, get, close } = await connected();
  const answer = get();
  await turn();
  await records.bring(head(1, 200, ["content-length", "4"]));
  await records.bring(data(1, "on"));
  await records.bring(data(1, "ce", true));
  const response = await answer;
  assert.notEqual(response.timings.total, undefined);
  assert.equal(await response.text(), "once");
  close();
});

test("a head waits for a small body until its turn ends, and for another not at all", async () => {
  const { records, get, close } = await connected();
  for (const [stream, length, waits] of [
    [1, ["content-length", "4"], true],
    [3, ["content-length", "16388"], false],
    [5, [], false],
  ] as const) {
    let response: Response | undefined;
    const answer = get().then((given) => {
      response = given;
      return given;
    });
    await turn();
    await records.bring(head(stream, 200, length));
    assert.equal(response === undefined, waits);
    if (waits) await turn();
    await answer;
    assert.equal(response?.timings.total, undefined);
    const octets = Number(length[1] ?? 4);
    for (let piece = 1; piece <= 4; piece += 1)
      await records.bring(data(stream, "x".repeat(octets / 4), piece === 4));
    assert.equal((await (await answer).text()).length, octets);
  }
  close();
});

test("a reader of views gets what has come, though it asks while the connection still puts pieces together", async () => {
  const { records, get, close } = await connected();
  const answer = get();
  await turn();
  await records.bring(head(1, 200));
  const reader = ((await answer).body as ReadableStream<Uint8Array>).getReader({ mode: "byob" });
  const read = async (): Promise<number> =>
    (await reader.read(new Uint8Array(65_536))).value?.byteLength ?? 0;
  for (let received = 0; received < 300_000; ) {
    await records.bring(data(1, "x".repeat(15_000)));
    received += await read();
  }
  for (const ticks of [0, 1, 2]) {
    await records.bring(data(1, "x".repeat(5_000)));
    for (let tick = 0; tick < ticks; tick += 1) await turn();
    assert.equal(await read(), 5_000);
  }
  close();
});

test("of a long body, what has come goes on, though each turn of the event loop takes long and brings more", async () => {
  const { records, get, clock, close } = await connected();
  const answer = get();
  await turn();
  await records.bring(head(1, 200));
  const response = await answer;
  let received = 0;
  const done = (async () => {
    for await (const chunk of response) received += chunk.length;
  })();
  for (let sent = 0; sent < 300_000; sent += 15_000) {
    await records.bring(data(1, "x".repeat(15_000)));
    await until(() => received === sent + 15_000, "the frame at the reader");
  }
  for (let turns = 0; turns < 20; turns += 1) {
    await records.bring(data(1, "x".repeat(100)));
    clock.advance(10);
    await turn();
    assert.ok(received >= 300_000 + 100 * (turns - 1), `${received} octets after ${turns} turns`);
  }
  close();
  await assert.rejects(done);
});

test("long bodies whose small frames alternate take about as much memory as they have octets", async () => {
  const { records, get, close } = await connected();
  const answers = [get(), get()];
  await turn();
  const long = ["content-length", "10000000"];
  await records.bring(head(1, 200, long) + head(3, 200, long));
  let received = 0;
  const read = async (response: Response): Promise<void> => {
    for await (const chunk of response) received += chunk.length;
  };
  const done = Promise.allSettled((await Promise.all(answers)).map(read));
  const allocate = mock.method(Buffer, "allocUnsafeSlow");
  for (let frames = 0; frames < 40; frames += 1) {
    await records.bring(data(1, "x".repeat(2_000)) + data(3, "y".repeat(2_000)));
    await turn();
  }
  await until(() => received === 40 * 4_000, "all octets");
  const taken = allocate.mock.calls.reduce((sum, { arguments: [bytes] }) => sum + Number(bytes), 0);
  allocate.mock.restore();
  assert.ok(taken <= 2 * received, `${taken} bytes for ${received} octets`);
  close();
  await done;
});

test("requests and bodies go on where a test holds setImmediate, nextTick and queueMicrotask, as fake timers do", async () => {
  const { records, get, close } = await connected();
  const real = { setImmediate, queueMicrotask, nextTick: process.nextTick };
  const held = (): void => undefined;
  const ofNode: typeof process.nextTick = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    // Node's own streams use it, too.
    if (!/\/src\/(?!testing)/.test(new Error().stack?.split("\n")[2] ?? "")) real.nextTick(callback, ...args);
  };
  Object.assign(globalThis, { setImmediate: held, queueMicrotask: held });
  process.nextTick = ofNode;
  const go = (): Promise<void> => new Promise((resolve) => real.setImmediate(resolve));
  try {
    let received = 0;
    const long = async (): Promise<void> => {
      await (await get()).text();
      for await (const chunk of await get()) received += chunk.length;
    };
    const bring = async (octets: string): Promise<void> => {
      records.push(Buffer.from(octets, "latin1"));
      for (let turns = 0; turns < 4; turns += 1) await go();
    };
    const [first, second] = [long(), get()];
    await go();
    assert.equal(records.written.length, 1);
    await bring(whole(1) + head(3, 200, ["content-length", "2"]));
    assert.equal(records.written.length, 2);
    await bring(head(5, 200));
    const cut = data(5, "x".repeat(13_000));
    await bring(cut.slice(0, -9));
    assert.equal(received, 13_000 - 9);
    await bring(cut.slice(-9));
    for (let sent = 26_000; sent <= 390_000; sent += 13_000) {
      await bring(data(5, "x".repeat(13_000)));
      assert.equal(received, sent);
    }
    await bring(data(3, "ok", true) + data(5, "", true));
    await Promise.all([first, second]);
  } finally {
    Object.assign(globalThis, { setImmediate: real.setImmediate, queueMicrotask: real.queueMicrotask });
    process.nextTick = real.nextTick;
  }
  close();
});

test("a response that was dropped before its body came is found by the garbage collector, and its stream reset", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { records, get, clock, close } = await connected();
  const forget = async (): Promise<void> => {
    const answer = get();
    await turn();
    await records.bring(head(1, 200));
    assert.equal((await answer).status, 200);
  };
  await forget();
  clock.advance(1_000);
  const reset = rstStreamFrame(1, CANCEL);
  await until(() => {
    collect();
    return records.written.some((octets) => octets.includes(reset));
  }, "the stream to be reset");
  close();
});
