import type { Socket } from "node:net";
import type { ObservedConnection } from "./observed-connection.js";
import type { OriginLog } from "./origin-log.js";
import { refusal } from "./refusal.js";
import { relay } from "./relay.js";
import { TLS_HANDSHAKE } from "./request-follower.js";
import { dial, dialError, type Target } from "./upstream.js";

interface TunnelOptions {
  readonly target: Target;
  /** Host and port as the client wrote them. */
  readonly authority: string;
  readonly host: { log(origin: string): OriginLog; track(socket: Socket): void };
  readonly over: () => void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Connects a client that has sent CONNECT with its server, and passes everything on. What kind of server it is shows
 * in the first byte that the client sends: only then is the connection counted.
 */
export async function tunnel(client: Socket, rest: Buffer, options: TunnelOptions): Promise<void> {
  const { target, authority, host, over } = options;
  const started = performance.now();
  const upstream = dial(target);
  host.track(upstream.socket);
  const ignore = (): void => {};
  client.on("error", ignore);
  upstream.socket.on("error", ignore);
  const times = await upstream.done.catch((error: unknown) => {
    const { code, sentence } = dialError(error, target);
    const log = host.log(originOf(authority, target.port === 443));
    log.dialed(started);
    log.dialFailed(code, performance.now() - started);
    client.end(refusal(502, sentence));
    return undefined;
  });
  if (times === undefined || client.destroyed) {
    upstream.socket.destroy();
    if (client.destroyed) over();
    else {
      client.once("close", over);
      client.resume();
    }
    return;
  }
  let counted: { log: OriginLog; connection: ObservedConnection } | undefined;
  const count = (first: number | undefined): ObservedConnection => {
    if (counted === undefined) {
      const log = host.log(originOf(authority, first === TLS_HANDSHAKE));
      counted = { log, connection: log.accept(log.dialed(started), times) };
    }
    return counted.connection;
  };
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (rest.length > 0) client.unshift(rest);
  relay({ socket: client, reset: () => client.resetAndDestroy() }, upstream, {
    fromClient: (chunk) => count(chunk[0]).fromClient(chunk, performance.now()),
    fromServer: (chunk) => count(undefined).fromServer(chunk, performance.now()),
    ended: (side, reset) => counted?.connection.ended(side, reset, performance.now()) ?? NOTHING,
    closed: () => {
      if (counted !== undefined) counted.log.closed(counted.connection);
      over();
    },
  });
  client.resume();
}

function originOf(authority: string, secure: boolean): string {
  return new URL(`${secure ? "https" : "http"}://${authority}`).origin;
}
