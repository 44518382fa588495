import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { Duplex } from "node:stream";
import type { NetworkError } from "../../errors/index.js";
import { nodeRuntime, type Runtime, type SocketOptions } from "../../runtime/index.js";
import type {
  DialAttempt,
  DialRequest,
  DialResult,
  DialSettings,
  DialTimings,
  PendingDial,
} from "./contract.js";
import { Dialer } from "./dialer.js";

// What the tests of dialing share.

/** How a dial ended. */
interface Settled {
  readonly result?: DialResult;
  readonly error?: NetworkError;
  readonly attempts?: DialAttempt[];
  readonly timings?: DialTimings;
}

/** The real runtime with timers that fire only when told to, and a count of everything that was opened. */
export class SteeredRuntime {
  readonly timers: Set<{ readonly milliseconds: number; readonly fire: () => void }> = new Set();
  readonly sockets: Duplex[] = [];
  readonly opened: SocketOptions[] = [];
  /** Addresses that never answer. */
  readonly blackHoles: Set<string> = new Set();

  readonly runtime: Runtime = {
    ...nodeRuntime,
    setTimer: (callback, milliseconds) => {
      const timer = {
        milliseconds,
        fire: () => {
          this.timers.delete(timer);
          callback();
        },
      };
      this.timers.add(timer);
      return { clear: () => this.timers.delete(timer), setRef: () => {} };
    },
    connect: (options) => {
      this.opened.push(options);
      const silent = this.blackHoles.has(options.host ?? "");
      const socket = silent ? new Duplex({ read: () => {}, write: () => {} }) : nodeRuntime.connect(options);
      this.sockets.push(socket);
      return socket;
    },
  };

  /** Fires the timer of that many milliseconds. */
  fire(milliseconds: number): void {
    const timer = [...this.timers].find((each) => each.milliseconds === milliseconds);
    if (timer === undefined) throw new Error(`no timer of ${milliseconds} ms is set`);
    timer.fire();
  }

  /** What is still held: live timers and sockets not destroyed. */
  get held(): { timers: number; sockets: number } {
    return { timers: this.timers.size, sockets: this.sockets.filter((socket) => !socket.destroyed).length };
  }
}

export const CONNECT_TIMEOUT = 10_001;
export const TLS_TIMEOUT = 10_002;
export const DELAY = 250;

export function makeDialer(settings: Partial<DialSettings> = {}, runtime: Runtime = nodeRuntime): Dialer {
  return new Dialer(
    {
      connectTimeout: CONNECT_TIMEOUT,
      tlsTimeout: TLS_TIMEOUT,
      happyEyeballs: { delay: DELAY },
      ...settings,
    },
    runtime,
  );
}

/** Dials and waits for the end; `bytes` gets what arrives through `onread`, as text, and whether `done` was before it. */
export function startDial(
  dialer: Dialer,
  target: Partial<DialRequest>,
  bytes?: { text: string; tooEarly: boolean; wake?: () => void },
): { pending: PendingDial; settled: Promise<Settled> } {
  let pending: PendingDial | undefined;
  let over = false;
  const shared = Buffer.alloc(65_536);
  const onread =
    bytes === undefined
      ? undefined
      : {
          buffer: () => shared,
          callback: (length: number, buffer: Uint8Array) => {
            if (!over) bytes.tooEarly = true;
            bytes.text += Buffer.from(buffer.subarray(0, length)).toString("latin1");
            bytes.wake?.();
            return true;
          },
        };
  const settled = new Promise<Settled>((resolve, reject) => {
    const settle = (how: Settled): void => {
      if (over) reject(new Error("both handlers were called, or one twice"));
      if (pending === undefined) reject(new Error("a handler was called before dial returned"));
      over = true;
      resolve(how);
    };
    pending = dialer.dial(
      { host: "127.0.0.1", port: 1, tls: false, origin: "http://test", ...target },
      onread,
      {
        done: (result) => {
          result.socket.on("error", () => {});
          settle({ result });
        },
        failed: (error, attempts, timings) => settle({ error, attempts, timings }),
      },
    );
  });
  if (pending === undefined) throw new Error("dial returned nothing");
  return { pending, settled };
}

export function dialOnce(
  dialer: Dialer,
  target: Partial<DialRequest>,
  bytes?: { text: string; tooEarly: boolean; wake?: () => void },
): Promise<Settled> {
  return startDial(dialer, target, bytes).settled;
}

/** Listens on loopback; gives the port. */
export async function listen(
  server: Server,
  where: string | { host: string } = { host: "127.0.0.1" },
): Promise<number> {
  if (typeof where === "string") server.listen(where);
  else server.listen(0, where.host);
  await once(server, "listening");
  return typeof where === "string" ? 0 : (server.address() as AddressInfo).port;
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(server: Server): Promise<number> {
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

/** A promise and the function that resolves it. */
export function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
