import { Buffer } from "node:buffer";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";

/** What the demo asks of its servers' thread. */
export type ServersRequest = { readonly id: number } & (
  | { readonly ask: "open" }
  /** What it has counted, once no connection is still on its way. */
  | { readonly ask: "count"; readonly port: number }
  /** Ends a server and everything connected to it. */
  | { readonly ask: "close"; readonly port: number }
);

/** Its answer: the port of the server and what it has counted so far. */
export interface ServersAnswer {
  readonly id: number;
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
}

/** The path whose answers are large; every other path's are small. */
export const largePath = "/large";

const small = Buffer.from('{"ok":true,"data":"forty-six bytes of answers"}');
const large = Buffer.alloc(1024 * 1024, "trunkline ");

const TURN_MS = 5;
const QUIET_TURNS = 3;

interface Counted {
  readonly server: Server;
  connections: number;
  requests: number;
}

/** Runs in a thread of its own, so that serving does not slow the clients that are measured. */
export function serve(): void {
  const port = parentPort;
  if (port === null) return;
  const servers = new Map<number, Counted>();
  port.on("message", (message: ServersRequest) => {
    const reply = (answer: Omit<ServersAnswer, "id">): void =>
      port.postMessage({ id: message.id, ...answer });
    if (message.ask === "open") {
      const counted = countingServer();
      counted.server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
        const { port } = counted.server.address() as AddressInfo;
        servers.set(port, counted);
        reply({ port, connections: 0, requests: 0 });
      });
      return;
    }
    const { port: asked } = message;
    const counted = servers.get(asked);
    if (counted === undefined) return;
    if (message.ask === "count") {
      void settled(counted).then(() =>
        reply({ port: asked, connections: counted.connections, requests: counted.requests }),
      );
      return;
    }
    servers.delete(asked);
    counted.server.close();
    counted.server.closeAllConnections();
    reply({ port: asked, connections: counted.connections, requests: counted.requests });
  });
}

/** Resolves once nothing has been accepted for a while: a connection made just now may still wait for that, and it counts. */
async function settled(counted: Counted): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; ) {
    const before = counted.connections;
    await delay(TURN_MS);
    quiet = counted.connections === before ? quiet + 1 : 0;
  }
}

/** A server that counts what it accepts, and never closes a connection by itself within a demo's time. */
function countingServer(): Counted {
  const listener: RequestListener = (request, response) => {
    counted.requests++;
    request.resume();
    request.on("end", () => {
      const body = request.url === largePath ? large : small;
      response.writeHead(200, { "content-type": "application/json", "content-length": body.byteLength });
      response.end(body);
    });
  };
  const server = createServer({ keepAliveTimeout: 120_000 }, listener);
  const counted: Counted = { server, connections: 0, requests: 0 };
  server.on("connection", () => counted.connections++);
  return counted;
}
