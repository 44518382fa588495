import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer as createTcpServer, type Server } from "node:net";
import { Duplex } from "node:stream";
import { after, test } from "node:test";
import { createServer } from "node:tls";
import { createAuthority } from "../../testing/index.js";
import type { DialTarget } from "./contract.js";
import {
  CONNECT_TIMEOUT,
  dialOnce,
  freePort,
  gate,
  listen,
  makeDialer,
  SteeredRuntime,
  startDial,
} from "./dial-fixture.js";

const authority = createAuthority();
const ca = authority.cert;
const servers: Server[] = [];
const serveTcp = () => {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end("hello"));
  servers.push(server);
  return listen(server);
};
const serveTls = () => {
  const { key, cert } = authority.issue({ names: ["example.test"] });
  const server = createServer({ key, cert }, (socket) => socket.on("error", () => {}).write("hi tls"));
  servers.push(server);
  return listen(server);
};
after(() => {
  for (const server of servers) server.close();
});

/** A stream that is not a socket, over one. */
const tunnel = (port: number): Duplex => {
  const socket = connect(port, "127.0.0.1");
  const stream = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => void socket.write(chunk, () => done()),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => stream.push(chunk));
  socket.on("end", () => stream.push(null));
  socket.on("error", () => {});
  return stream;
};

test("dial option: gets the target, and its stream is the connection", async () => {
  const port = await serveTcp();
  const targets: DialTarget[] = [];
  const dial = async (target: DialTarget): Promise<Duplex> => {
    targets.push(target);
    return tunnel(port);
  };
  const bytes = { text: "", tooEarly: false };
  const { result } = await dialOnce(
    makeDialer({ dial, socketPath: "/some/path" }),
    { host: "any.test", port: 80 },
    bytes,
  );
  assert.equal(result?.usesOnread, false);
  assert.equal(String((await once(result.socket, "data"))[0]), "hello");
  const { signal, ...target } = targets[0] ?? assert.fail("not called");
  assert.deepEqual(target, {
    host: "any.test",
    port: 80,
    tls: false,
    origin: "http://test",
    socketPath: "/some/path",
  });
  assert.equal(signal?.aborted, false);
  assert.ok((result.connect ?? -1) >= 0);
  assert.equal(result.dns, undefined);
});

test("dial option: a socket that still connects is waited for, and its failure is the dial's", async () => {
  const port = await serveTcp();
  const { result } = await dialOnce(makeDialer({ dial: async () => connect(port, "127.0.0.1") }), {
    host: "any.test",
  });
  assert.equal(result?.remotePort, port);
  result.socket.destroy();
  const closed = await freePort(createTcpServer());
  const { error } = await dialOnce(makeDialer({ dial: async () => connect(closed, "127.0.0.1") }), {
    host: "any.test",
  });
  assert.equal(error?.code, "ERR_TRUNKLINE_CONNECTION_REFUSED");
});

for (const kind of ["socket", "stream that is no socket"]) {
  test(`dial option: TLS is put on a ${kind}, with the name of the target`, async () => {
    const port = await serveTls();
    const streams: Duplex[] = [];
    const dial = async (): Promise<Duplex> => {
      const stream = kind === "socket" ? connect(port, "127.0.0.1") : tunnel(port);
      streams.push(stream);
      return stream;
    };
    const dialer = makeDialer({ dial, tls: { ca } });
    const { result } = await dialOnce(dialer, { host: "example.test", tls: true });
    assert.equal(result?.tlsInfo?.servername, "example.test");
    assert.equal(result.usesOnread, false);
    assert.equal(String((await once(result.socket, "data"))[0]), "hi tls");
    result.socket.destroy();
    const [stream] = streams;
    if (stream?.closed === false) await once(stream, "close");
    const { error } = await dialOnce(dialer, { host: "other.test", tls: true });
    assert.equal(error?.code, "ERR_TRUNKLINE_TLS_NAME");
    const second = streams[1] ?? assert.fail("not called");
    if (!second.closed) await once(second, "close");
  });
}

test("dial option: what it throws, rejects with or wrongly returns is reported as its own", async () => {
  const destroyed = new Duplex().destroy();
  const cases: readonly [() => Promise<Duplex>, RegExp][] = [
    [
      () => Promise.reject(new Error("the tunnel is down")),
      /^the option dial could not connect to any\.test:1: the tunnel is down$/,
    ],
    [
      () => {
        throw new Error("at once");
      },
      /: at once$/,
    ],
    [() => Promise.resolve("nonsense" as unknown as Duplex), /: it did not return a Duplex stream$/],
    [() => Promise.resolve(destroyed), /: it returned a destroyed stream$/],
  ];
  for (const [dial, message] of cases) {
    const steered = new SteeredRuntime();
    const { error } = await dialOnce(makeDialer({ dial }, steered.runtime), { host: "any.test" });
    assert.deepEqual([error?.code, error?.phase], ["ERR_TRUNKLINE_DIAL_FAILED", "connect"]);
    assert.match(error?.message ?? "", message);
    assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  }
});

for (const ending of ["cancel", "connectTimeout"]) {
  test(`dial option: after a ${ending} its signal has aborted, and a stream that comes late is destroyed`, async () => {
    const steered = new SteeredRuntime();
    const late = new Duplex({ read: () => {} });
    const { promise, resolve } = gate();
    const signals: (AbortSignal | undefined)[] = [];
    const dial = async ({ signal }: DialTarget): Promise<Duplex> => {
      signals.push(signal);
      await promise;
      return late;
    };
    const { pending, settled } = startDial(makeDialer({ dial }, steered.runtime), { host: "any.test" });
    if (ending === "cancel") pending.cancel();
    else {
      steered.fire(CONNECT_TIMEOUT);
      assert.equal((await settled).error?.code, "ERR_TRUNKLINE_CONNECT_TIMEOUT");
    }
    assert.equal(signals[0]?.aborted, true);
    resolve();
    await once(late, "close");
    assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  });
}

test("dial option: allowAddress is asked about a literal before, and about the socket's address after", async () => {
  const port = await serveTcp();
  let calls = 0;
  const sockets: Duplex[] = [];
  const dial = async (): Promise<Duplex> => {
    calls++;
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    return socket;
  };
  const dialer = makeDialer({ dial, allowAddress: "public" });
  const literal = await dialOnce(dialer, { host: "127.0.0.1" });
  assert.equal(literal.error?.code, "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
  assert.equal(calls, 0);
  const named = await dialOnce(dialer, { host: "any.test" });
  assert.equal(named.error?.code, "ERR_TRUNKLINE_ADDRESS_NOT_ALLOWED");
  assert.equal(sockets[0]?.destroyed, true);
});

test("dial option: a tls option that tls.connect refuses is reported, and the stream is destroyed", async () => {
  const stream = new Duplex({ read: () => {}, write: () => {} });
  const dialer = makeDialer({ dial: async () => stream, tls: { ca, minDHSize: -1 } });
  const { error } = await dialOnce(dialer, { host: "any.test", tls: true });
  assert.equal(error?.code, "ERR_TRUNKLINE_TLS_OPTIONS");
  assert.equal(stream.destroyed, true);
});
