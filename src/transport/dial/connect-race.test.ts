import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { nodeRuntime, type Runtime } from "../../runtime/index.js";
import { ConnectRace, MIN_SEQUENTIAL_MS } from "./connect-race.js";
import type { DialAttempt } from "./contract.js";

/** What an address does: after so many milliseconds it connects, or fails with a code; or it never answers. */
type Behaviour = readonly ["connects" | "never" | string, number];

class VirtualRuntime {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];
  refs: boolean[] = [];

  readonly runtime: Runtime = {
    ...nodeRuntime,
    now: () => this.#now,
    setTimer: (run, milliseconds) => {
      const timer = { at: this.#now + milliseconds, run };
      this.#timers.push(timer);
      return {
        clear: () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        },
        setRef: (keepAlive) => this.refs.push(keepAlive),
      };
    },
  };

  after(milliseconds: number, run: () => void): void {
    this.#timers.push({ at: this.#now + milliseconds, run });
  }

  get timers(): number {
    return this.#timers.length;
  }

  runUntil(end: number): void {
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

const race = (
  behaviours: readonly Behaviour[],
  delay: number | undefined,
  deadline = Number.POSITIVE_INFINITY,
) => {
  const virtual = new VirtualRuntime();
  const { runtime } = virtual;
  const log: string[] = [];
  const sockets: Duplex[] = [];
  const attempts: DialAttempt[] = [];
  const addresses = behaviours.map((_, index) => ({ address: `192.0.2.${index}`, family: 4 }));
  const running = new ConnectRace(runtime, {
    port: 1,
    trace: undefined,
    addresses,
    delay,
    deadline,
    attempts,
    open: ({ address }) => {
      const index = addresses.findIndex((each) => each.address === address);
      const [what, milliseconds] = behaviours[index] ?? ["never", 0];
      log.push(`${runtime.now()} open ${index}`);
      if (what === "throws") throw Object.assign(new Error("bad"), { code: "ERR_INVALID_IP_ADDRESS" });
      const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
      sockets.push(socket);
      virtual.after(milliseconds, () => {
        if (socket.destroyed || what === "never") return;
        if (what === "connects") socket.emit("connect");
        else if (what === "closes") socket.emit("close");
        else socket.emit("error", Object.assign(new Error(what), { code: what }));
      });
      return socket;
    },
    won: (_socket, { address }) => log.push(`${runtime.now()} won ${address}`),
    lost: (failures) => log.push(`${runtime.now()} lost ${failures.map(({ outcome }) => outcome).join(" ")}`),
  });
  running.start();
  const outcomes = () =>
    attempts.map(({ address, outcome, milliseconds }) => `${address} ${outcome} ${milliseconds}`);
  return { virtual, running, log, sockets, attempts, outcomes };
};

test("ConnectRace: starts the next address when the delay has passed, and the first to connect wins", () => {
  const { virtual, log, sockets, outcomes } = race(
    [
      ["never", 0],
      ["connects", 400],
      ["connects", 300],
      ["never", 0],
    ],
    250,
  );
  virtual.runUntil(10_000);
  assert.deepEqual(log, ["0 open 0", "250 open 1", "500 open 2", "650 won 192.0.2.1"]);
  assert.deepEqual(outcomes(), [
    "192.0.2.1 connected 400",
    "192.0.2.0 lost-race 650",
    "192.0.2.2 lost-race 150",
  ]);
  assert.deepEqual(
    sockets.map((socket) => socket.destroyed),
    [true, false, true],
  );
  assert.equal(virtual.timers, 0);
});

test("ConnectRace: a slow first address still wins when the others are slower", () => {
  const { virtual, log } = race(
    [
      ["connects", 600],
      ["connects", 900],
    ],
    250,
  );
  virtual.runUntil(10_000);
  assert.deepEqual(log, ["0 open 0", "250 open 1", "600 won 192.0.2.0"]);
});

test("ConnectRace: an attempt that fails starts the next at once, and the delay begins again", () => {
  const { virtual, log, outcomes } = race(
    [
      ["ECONNREFUSED", 10],
      ["never", 0],
      ["connects", 5],
    ],
    250,
  );
  virtual.runUntil(10_000);
  assert.deepEqual(log, ["0 open 0", "10 open 1", "260 open 2", "265 won 192.0.2.2"]);
  assert.deepEqual(outcomes(), ["192.0.2.0 refused 10", "192.0.2.2 connected 5", "192.0.2.1 lost-race 255"]);
});

test("ConnectRace: is lost when the last attempt has failed, with every failure in order of its end", () => {
  const { virtual, log, running } = race(
    [
      ["ENETUNREACH", 300],
      ["ECONNREFUSED", 10],
      ["throws", 0],
      ["closes", 5],
    ],
    250,
  );
  virtual.runUntil(10_000);
  assert.deepEqual(log, [
    "0 open 0",
    "250 open 1",
    "260 open 2",
    "260 open 3",
    "300 lost refused ERR_INVALID_IP_ADDRESS failed unreachable",
  ]);
  assert.equal(running.failures.length, 4);
  assert.equal(virtual.timers, 0);
});

test("ConnectRace: one after the other, each address has its share of the time", () => {
  const { virtual, log, outcomes, sockets } = race(
    [
      ["never", 0],
      ["ECONNREFUSED", 1],
      ["never", 0],
      ["connects", 7],
    ],
    undefined,
    10_000,
  );
  virtual.runUntil(100_000);
  const third = 2_501 + (10_000 - 2_501) / 2;
  assert.deepEqual(log, [
    "0 open 0",
    "2500 open 1",
    "2501 open 2",
    `${third} open 3`,
    `${third + 7} won 192.0.2.3`,
  ]);
  assert.deepEqual(outcomes().slice(0, 2), ["192.0.2.0 timed-out 2500", "192.0.2.1 refused 1"]);
  assert.deepEqual(
    sockets.map((socket) => socket.destroyed),
    [true, true, true, false],
  );
});

test("ConnectRace: one after the other, no share is less than Go's two seconds, and no limit means no share", () => {
  const short = race(
    [
      ["never", 0],
      ["connects", 1],
    ],
    undefined,
    3_000,
  );
  short.virtual.runUntil(100_000);
  assert.deepEqual(short.log, ["0 open 0", `${MIN_SEQUENTIAL_MS} open 1`, "2001 won 192.0.2.1"]);
  const patient = race(
    [
      ["never", 0],
      ["connects", 1],
    ],
    undefined,
  );
  patient.virtual.runUntil(100_000);
  assert.deepEqual(patient.log, ["0 open 0"]);
});

test("ConnectRace: stopped, it destroys what is under way, records it, and says no more", () => {
  const { virtual, log, running, sockets, outcomes } = race(
    [
      ["connects", 500],
      ["ECONNREFUSED", 300],
      ["never", 0],
    ],
    250,
  );
  virtual.runUntil(400);
  running.stop("cancelled");
  running.stop("timed-out");
  virtual.runUntil(10_000);
  assert.deepEqual(log, ["0 open 0", "250 open 1"]);
  assert.deepEqual(outcomes(), ["192.0.2.0 cancelled 400", "192.0.2.1 cancelled 150"]);
  assert.ok(sockets.every((socket) => socket.destroyed));
  assert.equal(virtual.timers, 0);
});

test("ConnectRace: a loser's late error hurts nobody", () => {
  const { virtual, sockets } = race(
    [
      ["never", 0],
      ["connects", 1],
    ],
    250,
  );
  virtual.runUntil(10_000);
  assert.doesNotThrow(() => sockets[0]?.emit("error", new Error("late")));
  assert.equal(sockets[1]?.listenerCount("error"), 0, "the winner is handed over without listeners");
});

test("ConnectRace: setRef reaches the timer that waits and those to come", () => {
  const { virtual, running } = race(
    [
      ["never", 0],
      ["never", 0],
      ["never", 0],
    ],
    250,
  );
  running.setRef(false);
  virtual.runUntil(250);
  assert.deepEqual(virtual.refs, [true, false, false]);
});
