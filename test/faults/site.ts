import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { Client, NetworkError, Transport, type TransportOptions } from "../../src/index.js";
import { nodeRuntime, type Runtime, type RuntimeTimer } from "../../src/runtime/index.js";
import { FaultProxy } from "../../src/testing/index.js";
import { runtimeOption } from "../../src/transport/index.js";
import { turn, turns, until } from "../transport/support.js";
import type { CountingServer } from "./counting-server.js";

/** Past its deadline by more than this, a call counts as hanging; generous, as the machine may be busy. */
const SLACK = 2_000;

/** How a call ended, and after how many milliseconds. */
export interface Outcome {
  readonly body?: string;
  readonly error?: NetworkError;
  readonly elapsed: number;
}

/** Every socket of this process that connects somewhere and is open. */
const clientSockets = new Set<Socket>();
subscribe("net.client.socket", (message) => {
  const { socket } = message as { socket: Socket };
  clientSockets.add(socket);
  socket.once("close", () => clientSockets.delete(socket));
});

/** A fault proxy before a server, and a client that goes through it. */
export class Site implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly transport: Transport;
  readonly client: Client;
  readonly #runtime: Runtime;

  private constructor(proxy: FaultProxy, options: TransportOptions, runtime: Runtime) {
    this.proxy = proxy;
    this.transport = new Transport({ ...options, [runtimeOption]: runtime } as TransportOptions);
    this.client = new Client({ transport: this.transport });
    this.#runtime = runtime;
  }

  /** `runtime`: whose clock all deadlines are on. */
  static async before(
    server: CountingServer,
    options: TransportOptions = {},
    seed = 1,
    runtime: Runtime = nodeRuntime,
  ): Promise<Site> {
    const proxy = await FaultProxy.start({ target: server.server.port, seed });
    return new Site(proxy, options, runtime);
  }

  url(path: string): string {
    return this.proxy.origin + path;
  }

  /**
   * Ends the call's promise one way or the other and says how.
   * @throws when it did not settle by its deadline, or settled with what is no error of a network kind
   */
  async outcome(deadline: number, call: () => Promise<string>): Promise<Outcome> {
    const start = performance.now();
    let timer: RuntimeTimer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#runtime.setTimer(
        () => reject(new Error(`nothing settled the call ${SLACK} ms past its deadline of ${deadline} ms`)),
        deadline + SLACK,
      );
    });
    try {
      const body = await Promise.race([call(), late]);
      return { body, elapsed: performance.now() - start };
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return { error, elapsed: performance.now() - start };
    } finally {
      timer?.clear();
    }
  }

  /** Checks that nobody holds or waits for a connection, and that each that was opened is closed once or idle. */
  async settled(): Promise<void> {
    const busy = (): number => {
      const { active, waiting, dialing, draining } = this.transport.snapshot().totals;
      return active + waiting + dialing + draining;
    };
    await until(() => busy() === 0, "every connection to be given back");
    const { opened, closed, idle } = this.transport.snapshot().totals;
    assert.equal(opened - closed, idle, "opened - closed = idle");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    await this.transport.close();
    // Asked of the sockets: the proxy may keep its ends of those it stalls.
    const open = (): boolean => [...clientSockets].some((socket) => socket.remotePort === this.proxy.port);
    await until(() => !open(), "the transport's sockets to close");
    await this.proxy.close();
  }
}

/** What keeps this process alive now; test runners' own pipes are not sockets of TCP. */
const held = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((what) => /^(TCP|TLS|Timeout|GetAddr|Connect)/.test(what))
    .sort();

/** Runs the work and checks that no socket and no timer of it is left. */
export async function withoutLeaks(work: () => Promise<void>): Promise<void> {
  // A closed handle leaves the list in the turns after its last callback; that holds for an earlier test's too.
  await turns(20);
  const before = held();
  await work();
  // The server's end of a connection goes when the kernel has told it, which a busy machine is in no hurry to do.
  for (const end = performance.now() + 5_000; held().length > before.length && performance.now() < end; )
    await turn();
  assert.deepEqual(held(), before, "sockets and timers that are left behind");
}

/** Works a list off, so many at once; each of the workers gets what `open` gives. */
export async function shared<Item, Place extends AsyncDisposable>(
  items: readonly Item[],
  workers: number,
  open: () => Promise<Place>,
  work: (item: Item, place: Place) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    await using place = await open();
    for (const item of queue) await work(item, place);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
