import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createServer, type TlsOptions as ServerOptions, type TLSSocket } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { TimeoutError } from "../../errors/index.js";
import { createAuthority, selfSigned } from "../../testing/index.js";
import {
  dialOnce,
  gate,
  listen,
  makeDialer,
  SteeredRuntime,
  startDial,
  TLS_TIMEOUT,
} from "./dial-fixture.js";
import type { Dialer } from "./dialer.js";

const authority = createAuthority();
const ca = authority.cert;
const good = authority.issue({ names: ["example.test", "127.0.0.1"] });
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** Answers as HTTP does, after a request: tickets are then before the answer. */
const answer = (socket: TLSSocket): void => void socket.once("data", () => socket.write("hi"));
const speakFirst = (socket: TLSSocket): void => void socket.write("hi");

const serve = (options: ServerOptions = {}, onSocket: (socket: TLSSocket) => void = answer) => {
  const server = createServer({ key: good.key, cert: good.cert, ...options }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.on("tlsClientError", () => {});
  servers.push(server);
  return listen(server);
};
const serveTcp = (onData: (socket: import("node:net").Socket) => void) => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onData(socket));
  });
  servers.push(server);
  return listen(server);
};

/** Dials by TLS to `example.test`, sends something, waits for the server's bytes, and hangs up. */
const visit = async (dialer: Dialer, port: number) => {
  const { promise, resolve } = gate();
  const bytes = { text: "", tooEarly: false, wake: resolve };
  const settled = await dialOnce(
    dialer,
    { host: "127.0.0.1", servername: "example.test", port, tls: true },
    bytes,
  );
  if (settled.result !== undefined) {
    settled.result.socket.write("hello");
    await promise;
    settled.result.socket.destroy();
  }
  return { ...settled, bytes };
};

test("Dialer: TLS by name: SNI, ALPN, and what was agreed", async () => {
  const port = await serve({ ALPNProtocols: ["http/1.1"] }, speakFirst);
  const { result, bytes } = await visit(makeDialer({ tls: { ca } }), port);
  assert.equal(bytes.text, "hi");
  assert.equal(bytes.tooEarly, false);
  assert.equal(result?.usesOnread, true);
  assert.equal(result.alpn, "http/1.1");
  assert.equal(result.resumed, false);
  assert.ok((result.connect ?? -1) >= 0 && (result.tls ?? -1) >= 0);
  const { cipher, ...info } = result.tlsInfo ?? assert.fail("no tlsInfo");
  assert.match(cipher, /^TLS_/);
  assert.deepEqual(info, {
    version: "TLSv1.3",
    authorized: true,
    servername: "example.test",
    resumed: false,
    alpn: "http/1.1",
  });
});

test("Dialer: TLS to an address: no SNI, and the certificate must be for the address", async () => {
  const names: unknown[] = [];
  const port = await serve({}, (socket) => {
    names.push(socket.servername);
    socket.end();
  });
  const { result } = await dialOnce(makeDialer({ tls: { ca } }), { port, tls: true });
  assert.equal(result?.tlsInfo?.authorized, true);
  assert.equal(result.tlsInfo.servername, undefined);
  await once(result.socket.resume(), "close");
  assert.deepEqual(names, [false]);
});

test("Dialer: tls.servername is the name asked for and checked, for any host", async () => {
  const port = await serve();
  const { result } = await dialOnce(makeDialer({ tls: { ca, servername: "example.test" } }), {
    host: "localhost",
    port,
    tls: true,
  });
  assert.equal(result?.tlsInfo?.servername, "example.test");
  result.socket.destroy();
  const checked: string[] = [];
  const checkServerIdentity = (host: string): undefined => void checked.push(host);
  const own = await dialOnce(makeDialer({ tls: { ca, servername: "", checkServerIdentity } }), {
    host: "localhost",
    port,
    tls: true,
  });
  own.result?.socket.destroy();
  assert.equal(own.result?.tlsInfo?.servername, undefined);
  assert.deepEqual(checked, ["localhost"], "without a name to ask for, the host itself is checked");
});

test("Dialer: each failing certificate has its code and says what to do; no byte is delivered", async () => {
  const expired = authority.issue({
    names: ["example.test"],
    notBefore: new Date(2020, 1, 1),
    notAfter: new Date(2021, 1, 1),
  });
  const future = authority.issue({
    names: ["example.test"],
    notBefore: new Date(Date.now() + 86_400_000 * 5),
  });
  const other = authority.issue({ names: ["other.test", "*.other.test"] });
  const alone = selfSigned({ names: ["example.test"] });
  const stranger = createAuthority("A Stranger").issue({ names: ["example.test"] });
  const intermediate = createAuthority("A Stranger")
    .intermediate("Middle")
    .issue({ names: ["example.test"] });
  const cases: readonly [{ key: string; cert: string }, string, RegExp][] = [
    [
      other,
      "TLS_NAME",
      /the certificate of 127\.0\.0\.1:\d+ is valid for other\.test, \*\.other\.test, not for example\.test: use a name/,
    ],
    [expired, "TLS_EXPIRED", /has expired on .*2021.*: the server needs a new one/],
    [future, "TLS_EXPIRED", /is not valid before .*: check this machine's clock/],
    [alone, "TLS_UNTRUSTED", /is not trusted \(it is self-signed\): if you trust it, .*tls\.ca/],
    [
      stranger,
      "TLS_UNTRUSTED",
      /is not trusted \(.*issued by A Stranger [0-9a-f]+; the server sent example\.test\): set tls\.ca .* if you trust it, or have the server send its missing intermediate/,
    ],
    [
      intermediate,
      "TLS_UNTRUSTED",
      /is not trusted \(.*issued by Middle; the server sent example\.test < Middle\): set tls\.ca /,
    ],
  ];
  for (const [{ key, cert }, code, message] of cases) {
    const port = await serve({ key, cert }, speakFirst);
    const steered = new SteeredRuntime();
    const { error, bytes, timings } = await visit(makeDialer({ tls: { ca } }, steered.runtime), port);
    assert.equal(error?.code, `ERR_TRUNKLINE_${code}`);
    assert.deepEqual([error.phase, error.retryable], ["tls", false]);
    assert.match(error.message, message);
    assert.deepEqual(Object.keys(timings ?? {}), ["connect", "tls"]);
    assert.equal(bytes.text, "");
    assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  }
});

test("Dialer: rejectUnauthorized false accepts the certificate and says that it is not good", async () => {
  const { key, cert } = selfSigned({ names: ["other.test"] });
  const { result } = await visit(
    makeDialer({ tls: { rejectUnauthorized: false } }),
    await serve({ key, cert }),
  );
  assert.equal(result?.tlsInfo?.authorized, false);
  assert.equal(result.tlsInfo.authorizationError, "DEPTH_ZERO_SELF_SIGNED_CERT");
});

test("Dialer: failed handshakes have their code and a hint", async () => {
  const cases: readonly [Promise<number>, string, RegExp, object?][] = [
    [
      serveTcp((socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
      "HTTP_ON_TLS",
      /did not answer in TLS; .*: use http:\/\//,
    ],
    [
      serveTcp((socket) => socket.end()),
      "CONNECTION_RESET",
      /closed the connection during the TLS handshake: check that the port speaks TLS/,
    ],
    [
      serveTcp((socket) => socket.resetAndDestroy()),
      "CONNECTION_RESET",
      /closed the connection during the TLS handshake/,
    ],
    [
      serve({ maxVersion: "TLSv1.2" }),
      "TLS_HANDSHAKE",
      /share no TLS version; see tls\.minVersion/,
      { minVersion: "TLSv1.3" },
    ],
    [
      serve({ ALPNProtocols: ["h2"] }),
      "TLS_HANDSHAKE",
      /supports none of the offered protocols; see tls\.ALPNProtocols/,
    ],
    [serve({ requestCert: true, ca, maxVersion: "TLSv1.2" }), "TLS_HANDSHAKE", /client certificate/],
  ];
  for (const [listening, code, message, options] of cases) {
    const steered = new SteeredRuntime();
    const { error, attempts } = await visit(
      makeDialer({ tls: { ca, ...options } }, steered.runtime),
      await listening,
    );
    assert.equal(error?.code, `ERR_TRUNKLINE_${code}`);
    assert.equal(error.phase, "tls");
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /0A000|\.c:\d/, "OpenSSL's internals are no help");
    assert.deepEqual(
      attempts?.map(({ outcome }) => outcome),
      ["connected"],
    );
    assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  }
});

test("Dialer: tlsTimeout limits the handshake alone, and a cancel ends it", async () => {
  const accepted: import("node:net").Socket[] = [];
  const port = await serveTcp((socket) => accepted.push(socket));
  for (const ending of ["timeout", "cancel"]) {
    const steered = new SteeredRuntime();
    const { pending, settled } = startDial(makeDialer({}, steered.runtime), { port, tls: true });
    await once(steered.sockets[0] ?? assert.fail("no socket"), "connect");
    assert.deepEqual(
      [...steered.timers].map(({ milliseconds }) => milliseconds),
      [TLS_TIMEOUT],
    );
    if (ending === "cancel") pending.cancel();
    else {
      steered.fire(TLS_TIMEOUT);
      const { error, timings } = await settled;
      assert.ok(error instanceof TimeoutError);
      assert.deepEqual(
        [error.code, error.phase, error.timeout],
        ["ERR_TRUNKLINE_TLS_TIMEOUT", "tls", "tlsTimeout"],
      );
      assert.match(error.message, /did not finish within tlsTimeout \(10002 ms\)/);
      assert.deepEqual(Object.keys(timings ?? {}), ["connect", "tls"]);
    }
    assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
  }
  for (const socket of accepted) socket.destroy();
});

test("Dialer: unusable tls options fail before anything is opened", async () => {
  const steered = new SteeredRuntime();
  const dialer = makeDialer({ tls: { cert: "no certificate", key: "no key" } }, steered.runtime);
  const { error } = await dialOnce(dialer, { host: "example.test", tls: true });
  assert.deepEqual([error?.code, error?.phase], ["ERR_TRUNKLINE_TLS_OPTIONS", "tls"]);
  assert.match(
    error?.message ?? "",
    /^the option tls cannot be used for example\.test:1: .*; check ca, cert, key/,
  );
  assert.equal(steered.opened.length, 0);
  assert.deepEqual(steered.held, { timers: 0, sockets: 0 });
});

test("Dialer: a client certificate is shown to the server", async () => {
  const client = authority.issue({ names: ["me"], clientAuth: true });
  const port = await serve({ requestCert: true, ca }, (socket) =>
    socket.end(String(socket.getPeerCertificate().subject.CN)),
  );
  const { bytes } = await visit(makeDialer({ tls: { ca, cert: client.cert, key: client.key } }), port);
  assert.equal(bytes.text, "me");
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`Dialer: new connections resume the session, even after a garbage collection (${version})`, async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const resumed: boolean[] = [];
    const port = await serve({ minVersion: version, maxVersion: version });
    const dialer = makeDialer({ tls: { ca } });
    for (let round = 0; round < 6; round++) {
      const { result } = await visit(dialer, port);
      resumed.push(result?.resumed ?? assert.fail("not connected"));
      collect();
    }
    assert.deepEqual(resumed, [false, true, true, true, true, true]);
    dialer.close();
    assert.equal((await visit(dialer, port)).result?.resumed, false, "close forgets");
    assert.equal(
      (await visit(makeDialer({ tls: { ca } }), port)).result?.resumed,
      false,
      "sessions are a dialer's own",
    );
  });

  test(`Dialer: a session from a server with the wrong name is never used (${version})`, async () => {
    const other = authority.issue({ names: ["other.test"] });
    const port = await serve({ key: other.key, cert: other.cert, minVersion: version, maxVersion: version });
    const dialer = makeDialer({ tls: { ca } });
    for (let round = 0; round < 3; round++) {
      assert.equal((await visit(dialer, port)).error?.code, "ERR_TRUNKLINE_TLS_NAME");
    }
  });
}

test("Dialer: a burst of connections resumes, and a session the server has forgotten costs nothing but a handshake", async () => {
  const ticketKeys = Buffer.alloc(48, 1);
  const server = createServer({ key: good.key, cert: good.cert, ticketKeys }, (socket) => {
    socket.on("error", () => {});
    answer(socket);
  });
  servers.push(server);
  const port = await listen(server);
  const dialer = makeDialer({ tls: { ca } });
  await visit(dialer, port);
  const burst = await Promise.all(Array.from({ length: 8 }, () => visit(dialer, port)));
  assert.deepEqual(
    burst.map(({ result }) => result?.resumed),
    new Array(8).fill(true),
  );
  server.setTicketKeys(Buffer.alloc(48, 2));
  const afterwards: unknown[] = [];
  for (let round = 0; round < 4; round++) afterwards.push((await visit(dialer, port)).result?.resumed);
  assert.equal(afterwards[0], false);
  assert.equal(afterwards[3], true, "the forgotten sessions are dropped, the new one is used");
});

test("Dialer: tls.keylog appends the keys to a file of the owner's; the environment alone does nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  const before = process.env["SSLKEYLOGFILE"];
  try {
    const port = await serve();
    process.env["SSLKEYLOGFILE"] = join(folder, "by-environment");
    await visit(makeDialer({ tls: { ca } }), port);
    await assert.rejects(stat(join(folder, "by-environment")), { code: "ENOENT" });
    const keylog = join(folder, "keys");
    for (let round = 0; round < 2; round++) await visit(makeDialer({ tls: { ca, keylog } }), port);
    const lines = (await readFile(keylog, "latin1")).trim().split("\n");
    assert.equal(
      lines.filter((line) => /^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]+ [0-9a-f]+$/.test(line)).length,
      2,
    );
    assert.equal((await stat(keylog)).mode & 0o077, 0);
  } finally {
    if (before === undefined) delete process.env["SSLKEYLOGFILE"];
    else process.env["SSLKEYLOGFILE"] = before;
    await rm(folder, { recursive: true });
  }
});

test("Dialer: a key log that cannot be written warns once and costs no connection", async () => {
  const warnings: Error[] = [];
  const listener = (warning: Error): number => warnings.push(warning);
  process.on("warning", listener);
  const port = await serve();
  const dialer = makeDialer({ tls: { ca, keylog: join(tmpdir(), "trunkline-no-such-folder", "keys") } });
  for (let round = 0; round < 2; round++) assert.ok((await visit(dialer, port)).result);
  process.off("warning", listener);
  assert.deepEqual(
    warnings.map((warning) => (warning as NodeJS.ErrnoException).code),
    ["TRUNKLINE_KEYLOG"],
  );
});

test("Dialer: handed over, the socket has no listener of the dial's for errors and closing", async () => {
  const port = await serve();
  const { result } = await dialOnce(makeDialer({ tls: { ca } }), { port, tls: true });
  const { socket } = result ?? assert.fail("not connected");
  assert.equal(socket.listenerCount("error"), 1, "the test's own");
  assert.equal(socket.listenerCount("secureConnect"), 0);
  socket.destroy();
});

test("Dialer: every socket is without Nagle's delay and with probes for a peer that is gone", async () => {
  const steered = new SteeredRuntime();
  const calls: unknown[] = [];
  const { runtime } = steered;
  const spied = {
    ...runtime,
    connect: (options: Parameters<typeof runtime.connect>[0]) =>
      Object.assign(runtime.connect(options), {
        setNoDelay: (...args: unknown[]) => calls.push(["noDelay", ...args]),
        setKeepAlive: (...args: unknown[]) => calls.push(["keepAlive", ...args]),
      }),
  };
  const port = await serve();
  for (const tls of [false, true]) {
    const { result } = await dialOnce(makeDialer({ tls: { ca } }, spied), { port, tls });
    assert.deepEqual(calls.splice(0), [
      ["noDelay", true],
      ["keepAlive", true, 60_000],
    ]);
    result?.socket.destroy();
  }
});

test("Dialer: a dial that is cancelled in its handshake does not cost the session", async () => {
  const port = await serve();
  const steered = new SteeredRuntime();
  const dialer = makeDialer({ tls: { ca } }, steered.runtime);
  await visit(dialer, port);
  const { pending } = startDial(dialer, { servername: "example.test", port, tls: true });
  const socket = steered.sockets[1] ?? assert.fail("no socket");
  await once(socket, "connect");
  pending.cancel();
  await once(socket, "close");
  const { pending: second } = startDial(dialer, { servername: "example.test", port, tls: true });
  await once(steered.sockets[2] ?? assert.fail("no socket"), "connect");
  second.cancel();
  await once(steered.sockets[2] ?? assert.fail("no socket"), "close");
  assert.equal((await visit(dialer, port)).result?.resumed, true);
});
