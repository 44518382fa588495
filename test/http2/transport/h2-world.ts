import type { ConnectionRecord, Response, Transport, TransportOptions } from "../../../src/index.js";
import {
  createAuthority,
  type Http2Script,
  type Http2Seen,
  Http2WireConnection,
  type Http2WireOptions,
  type WireScript,
  type WireServer,
  type WireServerOptions,
} from "../../../src/testing/index.js";
import { loadHttp2 } from "../../../src/transport/index.js";
import { clientOf, until, World } from "../../transport/support.js";

// What happens while the code of HTTP/2 is still being loaded has tests of its own: ../loading/.
await loadHttp2();

/** A certificate for the loopback addresses, and the options of a client that trusts it. */
const issued = createAuthority().issue({ names: ["127.0.0.1", "localhost"] });

export const TRUST: TransportOptions = { tls: { ca: issued.ca } };
export const PRIOR: TransportOptions = { http2: { priorKnowledge: true } };

export function overTls(protocols: readonly string[] | undefined): WireServerOptions {
  const { key, cert } = issued;
  return { tls: { key, cert, ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }) } };
}

/** A server in HTTP/2 whose connections are at hand, in the order they came. */
export class H2World implements AsyncDisposable {
  readonly world: World;
  readonly connections: Http2WireConnection[] = [];

  private constructor(world: World) {
    this.world = world;
  }

  /** `script`: what each connection does, given its number too. */
  static async start(
    script: (connection: Http2WireConnection, number: number) => Promise<void> | void,
    options: Http2WireOptions & { readonly server?: WireServerOptions } = {},
  ): Promise<H2World> {
    const { server = {}, ...wire } = options;
    const world = await World.start(server);
    const h2 = new H2World(world);
    world.server.script(h2.script(script, wire));
    return h2;
  }

  script(
    script: (connection: Http2WireConnection, number: number) => Promise<void> | void,
    options: Http2WireOptions = {},
  ): WireScript {
    return async (wire) => {
      const connection = new Http2WireConnection(wire, options);
      this.connections.push(connection);
      await script(connection, this.connections.length);
    };
  }

  get server(): WireServer {
    return this.world.server;
  }

  url(path = "/"): string {
    return this.server.url(path);
  }

  /** One that knows that the server speaks HTTP/2. */
  transport(options: TransportOptions = {}): Transport {
    return this.world.transport({ ...PRIOR, ...options });
  }

  /** The same with the clock of {@link World.clock}. */
  stepped(options: TransportOptions = {}): Transport {
    return this.world.stepped({ ...PRIOR, ...options });
  }

  get clock(): World["clock"] {
    return this.world.clock;
  }

  /** The connection with this number, once it is there. */
  async connection(number = 1): Promise<Http2WireConnection> {
    await until(() => this.connections.length >= number, `connection ${number} at the server`);
    return this.connections[number - 1] as Http2WireConnection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

/** Answers every request with 200 and its path. */
export const echoPaths: Http2Script & ((connection: Http2WireConnection) => Promise<void>) = async (
  connection: Http2WireConnection,
) => {
  for (;;) {
    const request = await connection.readRequest();
    await connection.reply(request, { body: request.path });
  }
};

/** Sends so many GETs at once and reads the bodies. */
export async function burst(transport: Transport, origin: string, count: number): Promise<Response[]> {
  const client = clientOf(transport);
  return await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const response = await client.get(`${origin}/${i}`);
      await response.text();
      return response;
    }),
  );
}

/** What the client sent of these types, `RST_STREAM 3` and so on. */
export function sent({ frames }: Http2WireConnection, ...types: string[]): Http2Seen[] {
  return frames.filter(({ type }) => types.includes(type));
}

export function recordOf(transport: Transport, number = 1): ConnectionRecord {
  const record = transport.connections()[number - 1];
  if (record === undefined) throw new Error(`the transport has no connection ${number}`);
  return record;
}

/** Nothing waits, nothing is on a connection, and no time limit of an exchange is left. */
export async function settled(transport: Transport): Promise<void> {
  await until(() => {
    const { totals } = transport.snapshot();
    return totals.waiting === 0 && totals.streams === 0 && totals.active === 0 && totals.dialing === 0;
  }, "the transport to be at rest");
}
