import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goAwayFrame, type Http2Stream, pingFrame } from "../../src/http2/index.js";
import { seededRandom } from "../../src/testing/index.js";
import { ModelServer, type ModelStream } from "./model-server.js";
import { Harness } from "./peer.js";

const SEEDS = Number(process.env["TRUNKLINE_SEEDS"] ?? 40);
const STEPS = 400;

interface Call {
  readonly stream: Http2Stream<string>;
  body: boolean;
  cancelled: boolean;
  closed: number;
  ended: number;
  failed: number;
  /** Octets of the response handed on and not taken. */
  unread: number;
}

/** A session and a model of a server that do random things to each other; octets travel as they like. */
class World {
  readonly random: (below: number) => number;
  readonly harness: Harness;
  readonly connectionWindow: number;
  readonly server = new ModelServer();
  readonly calls = new Map<string, Call>();
  #count = 0;
  #wire: Buffer = Buffer.alloc(0);

  constructor(seed: number) {
    const next = seededRandom(seed);
    this.random = (below) => Math.floor(next() * below);
    this.connectionWindow = [65_535, 200_000, 67_108_864][this.random(3)] as number;
    this.harness = new Harness({
      maxConnectionWindow: this.connectionWindow,
      initialWindow: [65_535, 262_144][this.random(2)] as number,
      roundTrip: this.random(3) * 20,
    });
    this.harness.onData = (stream, octets) => {
      const call = this.#call(stream);
      call.unread += octets;
      assert.equal(call.closed + call.ended + call.failed, 0, "no data after the end");
      if (this.random(3) === 0) this.consume(call);
    };
    this.harness.onEvent = (line, stream) => {
      const call = this.#call(stream);
      if (line === "closed") call.closed++;
      else if (line === "ended") call.ended++;
      else if (line.startsWith("failed")) call.failed++;
    };
    this.push(this.server.settings(65_535, 100, 4_096));
  }

  #call(stream: Http2Stream<string>): Call {
    return this.calls.get(stream.owner) as Call;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.random(list.length)];
  }

  push(octets: string): void {
    this.#wire = Buffer.concat([this.#wire, Buffer.from(octets, "latin1")]);
  }

  /** Some of what the server sent arrives. */
  deliver(all = false): void {
    const length = all ? this.#wire.length : this.random(this.#wire.length + 1);
    this.harness.feed(Buffer.from(this.#wire.subarray(0, length)));
    this.#wire = this.#wire.subarray(length);
  }

  flush(): void {
    this.server.take(this.harness.out([0, 20_000, 65_536][this.random(3)]));
  }

  consume(call: Call): void {
    const octets = this.random(4) === 0 ? this.random(call.unread + 1) : call.unread;
    call.unread -= octets;
    this.harness.session.consumed(call.stream, octets, this.harness.now);
  }

  open(): void {
    if (this.harness.session.capacity === 0) return;
    const owner = `call ${++this.#count}`;
    const body = this.random(2) === 0;
    const head = {
      path: `/${this.random(5)}`,
      fields: ["x-a", String(this.random(4)), "cookie", "a=b; c=d"],
    };
    const stream = body ? this.harness.post(owner, head) : this.harness.get(owner, head);
    this.calls.set(owner, { stream, body, cancelled: false, closed: 0, ended: 0, failed: 0, unread: 0 });
  }

  get live(): Call[] {
    return [...this.calls.values()].filter(({ stream }) => !stream.over);
  }

  step(): void {
    const { harness, server } = this;
    const call = this.pick(this.live);
    const stream = this.pick(
      server.open.filter(({ id, serverEnded }) => !serverEnded && id <= server.goneAway),
    );
    switch (this.random(16)) {
      case 0:
      case 1:
        this.open();
        break;
      case 2:
        if (call?.body && !call.stream.endQueued) {
          harness.session.send(call.stream, Buffer.alloc(this.random(60_000)), this.random(3) === 0);
        }
        break;
      case 3:
        if (call?.body) harness.session.end(call.stream, this.random(2) === 0 ? ["x-t", "1"] : undefined);
        break;
      case 4:
        if (call !== undefined && this.random(3) === 0) {
          call.cancelled = true;
          harness.session.cancel(call.stream, harness.now, this.random(2) * 8);
        }
        break;
      case 5:
        if (call !== undefined) this.consume(call);
        break;
      case 6:
      case 7:
      case 8:
        if (stream !== undefined) this.#serve(stream);
        break;
      case 9:
        if (stream !== undefined && this.random(4) === 0)
          this.push(server.resetStream(stream, this.random(14)));
        break;
      case 10:
        for (const open of server.open) if (this.random(2) === 0) this.push(server.credit(open));
        this.push(server.creditConnection());
        break;
      case 11:
        if (this.random(4) === 0) {
          const window = [0, 1_000, 65_535, 300_000][this.random(4)] as number;
          this.push(
            server.settings(
              window,
              [1, 5, 100][this.random(3)] as number,
              [0, 200, 4_096][this.random(3)] as number,
            ),
          );
        }
        break;
      case 12:
        this.push(pingFrame("12345678", false) + server.pong());
        break;
      case 13:
        harness.now += this.random(40);
        harness.session.tick(harness.now);
        break;
      case 14:
        this.deliver();
        break;
      default:
        this.flush();
    }
  }

  #serve(stream: ModelStream): void {
    const { server } = this;
    if (!stream.headSent) this.push(server.respond(stream, this.random(4) === 0));
    else if (this.random(5) === 0) this.push(server.finish(stream, this.random(2) === 0));
    else
      this.push(
        server.body(
          stream,
          this.random(20_000),
          this.random(4) === 0 ? this.random(255) : 0,
          this.random(8) === 0,
        ),
      );
  }

  /** The server serves what is left, perhaps after a GOAWAY; all is taken; time goes on. */
  settle(): void {
    const { harness, server } = this;
    if (this.random(2) === 0) {
      const last = this.pick([...server.streams.keys()]) ?? 0;
      server.goneAway = last;
      this.push(goAwayFrame(last, this.random(2) * 2, ""));
    }
    this.push(server.settings(65_535, 1_000, 4_096));
    for (let round = 0; round < 200 && (this.live.length > 0 || harness.session.active > 0); round++) {
      this.deliver(true);
      for (const call of this.live) {
        if (call.body) harness.session.end(call.stream);
        this.consume(call);
      }
      harness.now += 20;
      harness.session.tick(harness.now);
      this.flush();
      for (const stream of server.open) this.push(server.credit(stream));
      this.push(server.creditConnection());
      for (const stream of server.open) {
        if (stream.id > server.goneAway || stream.serverEnded) continue;
        if (!stream.headSent) this.push(server.respond(stream, false));
        this.push(server.finish(stream, false));
      }
      this.push(server.pong());
    }
  }
}

describe("Http2Session beside a model of a server", () => {
  test(`property: ${SEEDS} random histories: each stream settles once, no rule is broken, no window leaks`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(seed);
      const { harness, server } = world;
      const where = `seed ${seed}`;
      try {
        for (let step = 0; step < STEPS; step++) {
          world.step();
          assert.equal(harness.fault(), undefined, harness.fault()?.message);
        }
        world.settle();
        assert.equal(harness.fault(), undefined, harness.fault()?.message);
        assert.equal(world.live.length, 0, "every stream comes to its end");
        assert.equal(harness.session.active, 0, "every place is free");
        assert.equal(harness.session.unread, 0, "nothing is counted as unread for ever");
        for (const [owner, call] of world.calls) {
          assert.equal(call.closed, 1, `${owner} closed ${call.closed} times`);
          const settled = call.ended + call.failed;
          assert.ok(call.cancelled ? settled <= 1 : settled === 1, `${owner} settled ${settled} times`);
        }
        // The connection's credit: what came is given back but for less than half a window.
        const window = server.serverConnectionWindow;
        assert.equal(window, 65_535 + server.credited - server.sent, "the model's sums agree");
        assert.ok(window > world.connectionWindow / 2, `the connection's window is down to ${window}`);
      } catch (error) {
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  test("property: a stream whose reader keeps up always gets its whole window back", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const harness = new Harness({ roundTrip: 10 });
      const server = new ModelServer();
      harness.onData = (stream, octets) => harness.session.consumed(stream, octets, harness.now);
      harness.get("a");
      server.take(harness.out());
      const stream = server.streams.get(1) as ModelStream;
      harness.feed(server.settings(65_535, 100, 4_096), server.respond(stream, false));
      for (let i = 0; i < 300; i++) {
        const padding = random() < 0.3 ? Math.floor(random() * 255) : 0;
        harness.feed(server.body(stream, Math.floor(random() * 20_000), padding, false));
        harness.now += Math.floor(random() * 5);
        server.take(harness.out());
        assert.ok(stream.serverWindow > 0, `seed ${seed}: the stream is starved`);
      }
      harness.now += 5_000;
      harness.session.tick(harness.now);
      server.take(harness.out());
      const target = [262_144, 524_288, 1_048_576, 2_097_152, 4_194_304, 8_388_608, 16_777_216];
      assert.ok(target.includes(stream.serverWindow), `seed ${seed}: the window is ${stream.serverWindow}`);
    }
  });

  test("property: a server that says the end of a body only while it has credit gets to say it", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const next = seededRandom(seed);
      const random = (below: number): number => Math.floor(next() * below);
      const initialWindow = [65_536, 262_144][random(2)] as number;
      const harness = new Harness({ initialWindow, roundTrip: random(3) * 10 });
      const server = new ModelServer();
      const reader = { unread: 0 };
      harness.onData = (_stream, octets) => {
        reader.unread += octets;
      };
      const call = harness.get("a");
      server.take(harness.out());
      const stream = server.streams.get(1) as ModelStream;
      // Windows and lengths are powers of two in practice, and then the last octet of both is the same.
      const length = initialWindow * (1 << random(4));
      const frame = [16_384, 2_048 + random(14_336)][random(2)] as number;
      const padding = random(4) === 0 ? random(255) : 0;
      harness.feed(server.settings(65_535, 100, 4_096), server.respond(stream, false, length));
      for (let round = 0; round < 5_000 && !stream.serverEnded; round++) {
        harness.feed(server.body(stream, Math.min(frame, length - stream.sent), padding, false));
        if (stream.sent === length && stream.serverWindow > 0) harness.feed(server.finish(stream, false));
        const octets = random(3) === 0 ? random(reader.unread + 1) : reader.unread;
        if (random(2) === 0 || round > 4_000) {
          reader.unread -= octets;
          harness.session.consumed(call, octets, harness.now);
        }
        harness.now += random(3);
        server.take(harness.out());
      }
      const { sent, serverWindow } = stream;
      assert.ok(
        stream.serverEnded,
        `seed ${seed}: ${sent} of ${length} octets, a window of ${serverWindow}, and no end`,
      );
      assert.equal(harness.events().at(-1), "a: ended");
    }
  });
});
