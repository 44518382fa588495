import assert from "node:assert/strict";
import { test } from "node:test";
import type { Response, Transport, TransportOptions } from "../../../src/index.js";
import { explainById, whatIf } from "../../../src/index.js";
import { createAuthority, type Http2WireConnection } from "../../../src/testing/index.js";
import { clientOf, closedOnes, fetched, rejection, turns, until } from "../../transport/support.js";
import { burst, H2World, recordOf, sent, settled } from "./h2-world.js";

const authority = createAuthority();
const issued = authority.issue({ names: ["a.test", "b.test", "c.test", "127.0.0.1"] });
const SERVER = { tls: { key: issued.key, cert: issued.cert, ALPNProtocols: ["h2", "http/1.1"] } };

type Answer = (error: Error | null, addresses: { address: string; family: number }[]) => void;

/** Where names lead, and which were asked for. */
class Names {
  readonly asked: string[] = [];
  readonly where: Record<string, string> = {};
  readonly lookup = (host: string, _options: unknown, answer: Answer): void => {
    this.asked.push(host);
    setImmediate(() => answer(null, [{ address: this.where[host] ?? "127.0.0.1", family: 4 }]));
  };
}

/** Answers with the authority that the request is for. */
async function authorities(connection: Http2WireConnection): Promise<void> {
  for (;;) {
    const request = await connection.readRequest();
    await connection.reply(request, { body: hostOf(request) });
  }
}

function hostOf({ authority }: { readonly authority: string }): string {
  return authority.replace(/:\d+$/, "");
}

function sharing(world: H2World, names: Names, options: TransportOptions = {}): Transport {
  return world.world.transport({
    tls: { ca: issued.ca },
    lookup: names.lookup as unknown as NonNullable<TransportOptions["lookup"]>,
    http2: { coalesce: true },
    ...options,
  });
}

function on(world: H2World, host: string, path = "/"): string {
  return `https://${host}:${world.server.port}${path}`;
}

function origin(world: H2World, host: string): string {
  return on(world, host, "");
}

test("coalesce: origins with one address, port and certificate share a connection, and everything says so", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const names = new Names();
  const transport = sharing(world, names);
  const client = clientOf(transport);
  assert.equal(await fetched(transport, on(world, "a.test")), "a.test");
  const response = await client.get(on(world, "b.test"));
  assert.equal(await response.text(), "b.test");
  assert.equal(world.server.connections, 1);
  assert.deepEqual(names.asked, ["a.test", "b.test"]);
  assert.equal(response.connection.id, recordOf(transport).id);
  assert.equal(response.connection.reused, true);
  assert.equal(response.connection.requestNumber, 2);
  // Why, in data and in words.
  const why = response.why();
  assert.equal(why.coalesced, on(world, "a.test").slice(0, -1));
  assert.match(
    String(why),
    /on connection \d+ to https:\/\/a\.test:\d+, which its origin shares \(http2\.coalesce\)/,
  );
  // The counts are those of one connection.
  const { totals } = transport.snapshot();
  assert.deepEqual([totals.opened, totals.requests, totals.reused, totals.idle], [1, 2, 1, 1]);
  const record = recordOf(transport);
  assert.deepEqual(record.alsoFor, [on(world, "b.test").slice(0, -1)]);
  assert.equal(record.requests, 2);
  const report = transport.explain();
  assert.equal(report.connections, 1);
  assert.equal(report.origins.find(({ origin }) => origin.includes("b.test"))?.coalesced, 1);
  assert.match(String(report), /1 request went on connections made for other origins/);
  // A recording tells it, and a replay knows it.
  const recording = transport.recording();
  const shared = recording.exchanges.find(({ origin }) => origin.includes("b.test"));
  assert.match(explainById(recording, `r${shared?.id}`), /made for https:\/\/a\.test:\d+, and shared/);
  assert.match(
    explainById(recording, `c${record.id}`),
    /requests for other origins too \(http2\.coalesce\): https:\/\/b\.test/,
  );
  assert.equal(whatIf(recording, {}).predictedDials, 1);
  assert.equal(whatIf(recording, { http2: false }).predictedDials, 2);
});

test("coalesce: a burst to a new origin looks its name up once, and goes on the connection there is", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const names = new Names();
  const transport = sharing(world, names);
  await fetched(transport, on(world, "a.test"));
  await burst(transport, on(world, "b.test").slice(0, -1), 50);
  await fetched(transport, on(world, "b.test"));
  assert.equal(world.server.connections, 1);
  assert.deepEqual(names.asked, ["a.test", "b.test"]);
  await settled(transport);
});

test("coalesce: origins dialed at the same moment end on one connection, and everything says so", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const transport = sharing(world, new Names());
  const hosts = ["a.test", "b.test", "c.test"];
  const bodies = await Promise.all(hosts.map((host) => fetched(transport, on(world, host))));
  assert.deepEqual(bodies, hosts);
  const surplus = await closedOnes(transport, 2);
  const kept = transport.connections().find(({ state }) => state === "idle");
  for (const { closed, requests } of surplus) {
    assert.equal(requests, 1);
    assert.deepEqual([closed?.reason, closed?.by], ["coalesced", "client"]);
    assert.match(
      closed?.evidence ?? "",
      new RegExp(
        `^connection ${kept?.id} to ${kept?.origin}, .*, carries the requests of https://[abc]\\.test:`,
      ),
    );
  }
  // Later requests are no dials.
  for (const host of hosts) {
    const response = await clientOf(transport).get(on(world, host));
    assert.equal(await response.text(), host);
    assert.equal(response.connection.id, kept?.id);
    assert.equal(response.why().coalesced, kept?.origin === origin(world, host) ? undefined : kept?.origin);
  }
  assert.equal(world.server.connections, 3);
  assert.equal(transport.connections().find(({ id }) => id === kept?.id)?.alsoFor?.length, 2);
  // With that one gone, an origin is dialed as if it had never had one: what was not needed is not missed.
  transport.closeIdle();
  const guest = hosts.find((host) => origin(world, host) !== kept?.origin) as string;
  const later = await clientOf(transport).get(on(world, guest));
  assert.equal(later.why().dial?.reason, "first-use");
});

test("coalesce: origins dialed at the same moment keep what would have no room, and what was preconnected", async () => {
  const gates: (() => void)[] = [];
  await using world = await H2World.start(
    async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        gates.push(() => void connection.reply(request, { body: hostOf(request) }));
      }
    },
    { server: SERVER, settings: { maxConcurrentStreams: 1 } },
  );
  let answer: (() => void) | undefined;
  const lookup = (host: string, _options: unknown, done: Answer): void => {
    const found = (): void => done(null, [{ address: "127.0.0.1", family: 4 }]);
    if (host === "b.test") answer = found;
    else found();
  };
  const transport = sharing(world, new Names(), {
    lookup: lookup as unknown as NonNullable<TransportOptions["lookup"]>,
  });
  const both = ["a.test", "b.test"].map((host) => fetched(transport, on(world, host)));
  // The one connection has opened and is full while the other is still dialed.
  await until(() => recordOf(transport).streams?.limit === 1, "the server's limit");
  answer?.();
  await until(() => gates.length === 2, "a request on each");
  assert.deepEqual(states(transport), ["active", "active"]);
  for (const open of gates.splice(0)) open();
  assert.deepEqual(await Promise.all(both), ["a.test", "b.test"]);
  await settled(transport);
  assert.deepEqual(states(transport), ["idle", "idle"]);
  // What was asked for in advance stays.
  const ready = sharing(world, new Names());
  await Promise.all(["a.test", "b.test"].map((host) => ready.preconnect(origin(world, host))));
  assert.deepEqual(states(ready), ["idle", "idle"]);
});

function states(transport: Transport): string[] {
  return transport.connections().map(({ state }) => state);
}

test("coalesce: off by default", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const transport = sharing(world, new Names(), { http2: true });
  await fetched(transport, on(world, "a.test"));
  const response = await clientOf(transport).get(on(world, "b.test"));
  assert.equal(await response.text(), "b.test");
  assert.equal(world.server.connections, 2);
  assert.equal(response.why().coalesced, undefined);
});

const client = authority.issue({ names: ["client"], clientAuth: true });
const refusals: readonly (readonly [string, (world: H2World) => TransportOptions])[] = [
  ["the name resolves elsewhere", () => ({ lookup: elsewhere })],
  ["a client certificate is used", () => ({ tls: { ca: issued.ca, key: client.key, cert: client.cert } })],
  ["certificates are not verified", () => ({ tls: { rejectUnauthorized: false } })],
  ["the name that is checked is fixed", () => ({ tls: { ca: issued.ca, servername: "a.test" } })],
  [
    "a check of the program's own refuses the name",
    () => ({
      tls: {
        ca: issued.ca,
        checkServerIdentity: notOnAnother(),
      },
    }),
  ],
  [
    "the origin has TLS options of its own",
    (world) => ({ tlsByOrigin: { [on(world, "b.test").slice(0, -1)]: { minVersion: "TLSv1.2" } } }),
  ],
];

/** b.test leads to another address of this machine, where the same server listens. */
function elsewhere(host: string, _options: unknown, answer: Answer): void {
  answer(null, [{ address: host === "b.test" ? "127.0.0.2" : "127.0.0.1", family: 4 }]);
}

/** A check that refuses b.test the first time, when it is asked about the connection to a.test. */
function notOnAnother(): (host: string) => Error | undefined {
  let asked = 0;
  return (host) => {
    if (host !== "b.test") return undefined;
    asked += 1;
    return asked === 1 ? new Error("not this one") : undefined;
  };
}

for (const [why, options] of refusals) {
  test(`coalesce: a connection of its own, where ${why}`, async () => {
    await using world = await H2World.start(authorities, { server: { ...SERVER, host: "0.0.0.0" } });
    const transport = sharing(world, new Names(), options(world) as TransportOptions);
    await fetched(transport, on(world, "a.test"));
    assert.equal(await fetched(transport, on(world, "b.test")), "b.test");
    assert.equal(world.server.connections, 2);
  });
}

test("coalesce: a certificate that is not for the name is not shared, and the dial says what is wrong", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  const error = await rejection(fetched(transport, on(world, "other.test")));
  assert.equal(error["code"], "ERR_TRUNKLINE_TLS_NAME");
  assert.match(error.message, /other\.test/);
});

test("coalesce: another port is another server", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const second = await world.world.another(SERVER);
  second.script(world.script(authorities));
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  assert.equal(await fetched(transport, `https://b.test:${second.port}/`), "b.test");
  assert.equal(second.connections, 1);
});

test("coalesce: allowAddress is asked with the new name", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const transport = sharing(world, new Names(), { allowAddress: (_address, host) => host === "a.test" });
  await fetched(transport, on(world, "a.test"));
  const error = await rejection(fetched(transport, on(world, "b.test")));
  assert.equal(error["code"], "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
});

test("421 on a shared connection: again on one of its own, and never shared again", async () => {
  await using world = await H2World.start(
    async (connection, number) => {
      for (;;) {
        const request = await connection.readRequest();
        const host = hostOf(request);
        const wrong = number === 1 && host === "b.test";
        await connection.reply(request, wrong ? { status: 421, body: "wrong" } : { body: host });
      }
    },
    { server: SERVER },
  );
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  const client = clientOf(transport);
  const posts = await Promise.all(
    Array.from({ length: 10 }, () => client.post(on(world, "b.test"), { body: "x" })),
  );
  for (const post of posts) {
    assert.equal(post.status, 200);
    assert.equal(await post.text(), "b.test");
    assert.equal(post.attempts, 2);
    assert.equal(post.why().coalesced, undefined);
  }
  assert.equal(world.server.connections, 2);
  assert.equal(recordOf(transport, 2).openedFor, "retry");
  // Its own connection goes: the next is its own, too.
  transport.closeIdle();
  await fetched(transport, on(world, "a.test"));
  const later = await client.get(on(world, "b.test"));
  assert.equal(await later.text(), "b.test");
  assert.equal(later.why().coalesced, undefined);
  assert.equal(world.server.connections, 4);
  // Others go on sharing.
  const guest = await client.get(on(world, "c.test"));
  assert.equal(
    guest.why().coalesced,
    on(world, "a.test").slice(0, -1),
    "its connection's TLS session was resumed",
  );
  assert.equal(world.server.connections, 4);
});

test("421 to a body that cannot be read twice is the answer, and what follows has a connection of its own", async () => {
  await using world = await H2World.start(
    async (connection, number) => {
      for (;;) {
        const request = await connection.readRequest();
        const wrong = number === 1 && hostOf(request) === "b.test";
        await connection.reply(request, { status: wrong ? 421 : 200 });
      }
    },
    { server: SERVER },
  );
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  async function* once(): AsyncGenerator<string> {
    yield "x";
  }
  const response = await clientOf(transport).post(on(world, "b.test"), { body: once() });
  assert.equal(response.status, 421);
  await response.text();
  assert.equal((await clientOf(transport).get(on(world, "b.test"))).status, 200);
  assert.equal(world.server.connections, 2);
});

test("coalesce: GOAWAY on the shared connection loses nothing of either origin", async () => {
  await using world = await H2World.start(
    async (connection, number) => {
      if (number > 1) return authorities(connection);
      const first = await connection.readRequest();
      await connection.reply(first, { body: "first" });
      await connection.readRequest();
      await connection.readRequest();
      await connection.send({ type: "GOAWAY", lastStream: first.stream });
    },
    { server: SERVER },
  );
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  const client = clientOf(transport);
  const [a, b] = await Promise.all([
    client.post(on(world, "a.test"), { body: "x" }),
    client.post(on(world, "b.test"), { body: "x" }),
  ]);
  assert.equal(await a?.text(), "a.test");
  assert.equal(await b?.text(), "b.test");
  assert.equal(b?.why().coalesced, undefined, "the connection that said GOAWAY is not shared");
  await settled(transport);
});

test("coalesce: a full connection is not waited for: the origin dials, and says why", async () => {
  const gates: (() => void)[] = [];
  await using world = await H2World.start(
    async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        const body = hostOf(request);
        if (request.path === "/slow") gates.push(() => void connection.reply(request, { body }));
        else await connection.reply(request, { body });
      }
    },
    { server: SERVER, settings: { maxConcurrentStreams: 1 } },
  );
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  assert.equal(await fetched(transport, on(world, "b.test")), "b.test");
  const slow = fetched(transport, on(world, "a.test", "/slow"));
  await until(() => gates.length === 1, "the request that fills the connection");
  const response = await clientOf(transport).get(on(world, "b.test"));
  assert.equal(await response.text(), "b.test");
  assert.equal(world.server.connections, 2);
  assert.equal(response.why().dial?.reason, "streams-full");
  gates[0]?.();
  assert.equal(await slow, "a.test");
});

test("coalesce: an origin that dialed because the shared connection was full keeps its own", async () => {
  const gates: (() => void)[] = [];
  await using world = await H2World.start(
    async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        const answer = (): void => void connection.reply(request, { body: hostOf(request) });
        if (request.path === "/slow") gates.push(answer);
        else answer();
      }
    },
    { server: SERVER, settings: { maxConcurrentStreams: 1 } },
  );
  const dials: (() => void)[] = [];
  let held = false;
  const lookup = (_host: string, _options: unknown, done: Answer): void => {
    const answer = (): void => done(null, [{ address: "127.0.0.1", family: 4 }]);
    if (held) dials.push(answer);
    else answer();
  };
  const transport = sharing(world, new Names(), {
    lookup: lookup as unknown as NonNullable<TransportOptions["lookup"]>,
  });
  await fetched(transport, on(world, "a.test"));
  await fetched(transport, on(world, "b.test"));
  const slow = fetched(transport, on(world, "a.test", "/slow"));
  await until(() => gates.length === 1, "the request that fills the connection");
  held = true;
  const other = fetched(transport, on(world, "b.test"));
  await until(() => dials.length === 1, "the dial");
  gates[0]?.();
  assert.equal(await slow, "a.test");
  // The shared one has room again: should the new one close, the next burst would dial once more.
  dials[0]?.();
  assert.equal(await other, "b.test");
  await settled(transport);
  assert.deepEqual(states(transport), ["idle", "idle"]);
});

test("coalesce: an abort while the name is looked up ends the request, and close() waits for those that stay", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  let answer: Answer | undefined;
  const lookup = (host: string, _options: unknown, done: Answer): void => {
    if (host === "b.test" && answer === undefined) answer = done;
    else done(null, [{ address: "127.0.0.1", family: 4 }]);
  };
  const transport = sharing(world, new Names(), {
    lookup: lookup as unknown as NonNullable<TransportOptions["lookup"]>,
  });
  await fetched(transport, on(world, "a.test"));
  const controller = new AbortController();
  const aborted = rejection(clientOf(transport).get(on(world, "b.test"), { signal: controller.signal }));
  const stays = fetched(transport, on(world, "b.test"));
  await until(() => answer !== undefined, "the lookup");
  controller.abort(new Error("enough"));
  assert.equal((await aborted).message, "enough");
  const closed = transport.close();
  answer?.(null, [{ address: "127.0.0.1", family: 4 }]);
  assert.equal(await stays, "b.test");
  await closed;
});

test("coalesce: a lookup that never answers costs a second, not the request", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  let lookups = 0;
  const lookup = (host: string, _options: unknown, done: Answer): void => {
    if (host === "b.test") lookups += 1;
    else done(null, [{ address: "127.0.0.1", family: 4 }]);
  };
  const transport = world.world.stepped({
    tls: { ca: issued.ca },
    lookup: lookup as unknown as NonNullable<TransportOptions["lookup"]>,
    http2: { coalesce: true },
    connectTimeout: 5000,
  });
  await fetched(transport, on(world, "a.test"));
  const failed = rejection(fetched(transport, on(world, "b.test")));
  await until(() => lookups === 1, "the lookup");
  world.clock.advance(1000);
  await turns(2);
  world.clock.advance(5000);
  const error = await failed;
  assert.equal(error["timeout"], "connectTimeout");
});

test("coalesce: idle streams of both origins end with the connection, and the next finds another way", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  const transport = sharing(world, new Names());
  await fetched(transport, on(world, "a.test"));
  await fetched(transport, on(world, "b.test"));
  transport.closeIdle();
  assert.equal(transport.snapshot().totals.idle, 0);
  assert.equal(await fetched(transport, on(world, "b.test")), "b.test");
  assert.equal(await fetched(transport, on(world, "a.test")), "a.test", "and now a.test is the guest");
  assert.equal(world.server.connections, 2);
  assert.equal(sent(await world.connection(2), "HEADERS").length, 2);
});

test("coalesce: whatever becomes of shared connections, each request of each origin is answered once", async () => {
  const received = new Map<string, number>();
  // Seeded, so that a failure can be repeated.
  let state = 4711;
  const chance = (one: number): boolean => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % one === 0;
  };
  await using world = await H2World.start(
    async (connection) => {
      for (let last = 0; ; ) {
        const request = await connection.readRequest();
        const { stream } = request;
        if (last > 0 && stream > last) continue; // it comes again on another connection
        const host = hostOf(request);
        if (chance(40)) {
          await connection.send({ type: "RST_STREAM", stream, code: 7 });
          continue;
        }
        if (host === "c.test" && chance(60)) {
          await connection.reply(request, { status: 421 });
          continue;
        }
        received.set(request.path, (received.get(request.path) ?? 0) + 1);
        if (last === 0 && chance(50)) {
          last = stream;
          await connection.send({ type: "GOAWAY", lastStream: stream });
        }
        await connection.reply(request, { body: host });
      }
    },
    { server: SERVER, settings: { maxConcurrentStreams: 12 } },
  );
  const names = new Names();
  const transport = sharing(world, names);
  const client = clientOf(transport);
  const hosts = ["a.test", "b.test", "c.test"];
  let next = 0;
  let coalesced = 0;
  const worker = async (): Promise<void> => {
    while (next < 900) {
      const id = next++;
      const host = hosts[id % 3] as string;
      let response: Response;
      try {
        response = await client.post(on(world, host, `/${id}`), { body: "x" });
      } catch (error) {
        // Turned away three times, by chance: then it was never taken.
        assert.match((error as Error).message, /; it was sent 3 times$/);
        assert.ok(!received.has(`/${id}`));
        received.set(`/${id}`, 1);
        continue;
      }
      const text = await response.text();
      // A second 421 is the answer.
      if (response.status !== 421) assert.equal(text, host);
      else received.set(`/${id}`, 1);
      if (response.why().coalesced !== undefined) coalesced += 1;
    }
  };
  await fetched(transport, on(world, "a.test", "/first"));
  received.delete("/first");
  await Promise.all(Array.from({ length: 20 }, worker));
  assert.equal(received.size, 900);
  assert.deepEqual(
    [...received.values()].filter((times) => times !== 1),
    [],
  );
  assert.ok(coalesced > 0, "some went on shared connections");
  await settled(transport);
  const { totals } = transport.snapshot();
  assert.equal(totals.opened - totals.closed, totals.idle);
});

test("coalesce: origins dialed at the same moment have a connection each, and no advice to turn on what is on", async () => {
  await using world = await H2World.start(authorities, { server: SERVER });
  for (const [coalesce, kinds] of [
    [true, []],
    [false, ["coalescing"]],
  ] as const) {
    const transport = sharing(world, new Names(), { http2: { coalesce } });
    await Promise.all(["a.test", "b.test", "c.test"].map((host) => fetched(transport, on(world, host))));
    assert.equal(transport.snapshot().totals.opened, 3);
    assert.deepEqual(
      transport.explain().findings.map(({ kind }) => kind),
      kinds,
    );
  }
});
