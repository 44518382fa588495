import { Client, type ConnectionRecord, Transport, type TransportOptions } from "../../src/index.js";
import { WireServer, type WireServerOptions } from "../../src/testing/index.js";
import { runtimeOption } from "../../src/transport/index.js";
import { SteppedRuntime } from "./stepped-runtime.js";

/** A server, and transports that end with the test. */
export class World implements AsyncDisposable {
  readonly server: WireServer;
  readonly clock: SteppedRuntime = new SteppedRuntime();
  readonly #transports: Transport[] = [];
  readonly #servers: WireServer[];
  readonly #owned: AsyncDisposable[] = [];

  private constructor(server: WireServer) {
    this.server = server;
    this.#servers = [server];
  }

  static async start(options?: WireServerOptions): Promise<World> {
    return new World(await WireServer.start(options));
  }

  /** Another server. */
  async another(options?: WireServerOptions): Promise<WireServer> {
    const server = await WireServer.start(options);
    this.#servers.push(server);
    return server;
  }

  /** What ends with the test, too. */
  own<T extends AsyncDisposable>(one: T): T {
    this.#owned.push(one);
    return one;
  }

  transport(options: TransportOptions = {}): Transport {
    const transport = new Transport(options);
    this.#transports.push(transport);
    return transport;
  }

  /** One whose time is {@link clock}. */
  stepped(options: TransportOptions = {}): Transport {
    return this.transport({ ...options, [runtimeOption]: this.clock.runtime } as TransportOptions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const transport of this.#transports) transport.destroy();
    for (const server of this.#servers) await server.close();
    for (const one of this.#owned) await one[Symbol.asyncDispose]();
  }
}

export function clientOf(transport: Transport): Client {
  return new Client({ transport });
}

/** Gets `url` and reads the body. */
export async function fetched(transport: Transport, url: string): Promise<string> {
  return (await clientOf(transport).get(url)).text();
}

/** Turns of the event loop until the condition holds; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited 10 s for ${what}`);
    await turn();
  }
}

/** One turn of the event loop, its poll for I/O included. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Gives control to I/O for as many turns. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

/** Keeps the event loop busy for so many milliseconds. */
export function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** The transport's connections that are closed, when there are so many. */
export async function closedOnes(transport: Transport, count: number): Promise<ConnectionRecord[]> {
  const closed = (): ConnectionRecord[] => transport.connections().filter((one) => one.state === "closed");
  await until(() => closed().length >= count, `${count} closed connections`);
  return closed();
}

/** What the promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("expected a rejection");
}
