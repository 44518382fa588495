import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Http2Session, type SessionEffects } from "../../src/http2/index.js";

/*
 * The session on a socket with nothing of a client around it, for h2specd (`.ci/steps/56-h2specd.sh`), as a program:
 * `bare-runner.js PORT` takes URLs by POST (nothing: it is up), asks for each on a connection of its own, keeps that for a while, and answers.
 */

/** A case waits one second for what the client does; it must neither end sooner nor run into h2specd's own limit of three. */
const HOLD = 1_600;
/** What the peer has still to say is read so long after our end, or the kernel would reset the connection. */
const READ_ON = 100;

function ask(url: URL): Promise<void> {
  return new Promise((resolve) => {
    let flushing = false;
    const write = (): void => {
      flushing = false;
      socket.cork();
      for (const chunk of session.takeOutput(performance.now())) socket.write(chunk as string, "latin1");
      socket.uncork();
      if (session.hasOutput) effects.needsFlush();
    };
    const effects: SessionEffects<undefined> = {
      needsFlush: () => {
        if (flushing || socket.destroyed) return;
        flushing = true;
        process.nextTick(write);
      },
      data: (stream, _buffer, start, end) => session.consumed(stream, end - start, performance.now()),
      connectionFailed: () => {
        session.abandon();
        process.nextTick(() => socket.end());
      },
      informational: () => {},
      headers: () => {},
      trailers: () => {},
      ended: () => {},
      failed: () => {},
      closed: () => {},
      writable: () => {},
      settings: () => {},
      goAway: () => {},
    };
    const session = new Http2Session(effects, { maxHeaderBytes: 65_536 });
    const open = (): void => {
      const head = {
        method: "GET",
        scheme: url.protocol.slice(0, -1),
        authority: url.host,
        path: url.pathname,
      };
      session.open(undefined, { ...head, fields: ["user-agent", "trunkline"], contentLength: -1 }, true);
    };
    const at = { host: url.hostname, port: Number(url.port), noDelay: true };
    const socket: Socket =
      url.protocol === "https:"
        ? connectTls({ ...at, ALPNProtocols: ["h2"], rejectUnauthorized: false }, open)
        : connect(at, open);
    socket.on("data", (chunk: Buffer) => session.received(chunk, 0, chunk.length, performance.now()));
    socket.on("error", () => {});
    setTimeout(() => {
      socket.end();
      setTimeout(() => socket.destroy(), READ_ON);
      resolve();
    }, HOLD);
  });
}

createServer(async (request, response) => {
  let url = "";
  for await (const chunk of request) url += String(chunk);
  if (url !== "") await ask(new URL(url.trim()));
  response.end("done\n");
}).listen(Number(process.argv[2]), "127.0.0.1");
