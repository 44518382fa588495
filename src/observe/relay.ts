import type { Socket } from "node:net";
import type { Side } from "./life.js";

/** Watches what passes through a relay. */
interface RelayWatcher {
  /** Bytes of the client; returns those to send on. */
  fromClient(chunk: Buffer): Buffer;
  fromServer(chunk: Buffer): void;
  /** The side has ended its stream, or the connection; returns what was held back and must go out before. */
  ended(side: Side, reset: boolean): Buffer;
  /** Both sockets are gone. */
  closed(): void;
}

/** A socket and how to reset it. */
interface RelayEnd {
  readonly socket: Socket;
  reset(): void;
}

/**
 * Passes bytes between two sockets (both half-open, both made without delay) so that each side sees what it would
 * have seen from the other: a FIN goes on as a FIN after all bytes before it, a reset as a reset, and a reader that is
 * slow makes the writer wait.
 */
export function relay(client: RelayEnd, server: RelayEnd, watcher: RelayWatcher): void {
  let open = 2;
  const closed = (): void => {
    open -= 1;
    if (open === 0) watcher.closed();
  };
  pump("client", client, server, (chunk) => watcher.fromClient(chunk), watcher, closed);
  pump(
    "server",
    server,
    client,
    (chunk) => {
      watcher.fromServer(chunk);
      return chunk;
    },
    watcher,
    closed,
  );
}

function pump(
  side: Side,
  from: RelayEnd,
  to: RelayEnd,
  through: (chunk: Buffer) => Buffer,
  watcher: RelayWatcher,
  closed: () => void,
): void {
  const { socket } = from;
  const resume = (): void => {
    socket.resume();
  };
  socket.on("data", (chunk: Buffer) => {
    const bytes = through(chunk);
    if (bytes.length === 0 || to.socket.destroyed || to.socket.writableEnded || to.socket.write(bytes))
      return;
    socket.pause();
    to.socket.once("drain", resume);
  });
  socket.on("end", () => {
    const held = watcher.ended(side, false);
    if (to.socket.destroyed || to.socket.writableEnded) return;
    if (held.length > 0) to.socket.write(held);
    to.socket.end();
  });
  // Also EPIPE: the peer was gone when bytes came for it.
  socket.on("error", () => {
    watcher.ended(side, true);
    if (!to.socket.destroyed) to.reset();
  });
  socket.on("close", () => {
    // Whatever ended it without FIN or error must not leave the other side waiting.
    if (!to.socket.destroyed && !to.socket.writableEnded) to.reset();
    else to.socket.off("drain", resume);
    // A socket that was paused for this one has no one left to wait for.
    if (!to.socket.destroyed) to.socket.resume();
    closed();
  });
}
