import { Duplex } from "node:stream";
import type { SocketOptions } from "../runtime/index.js";
import type { FakeClock } from "./fake-clock.js";
import { type FakeRoute, systemError } from "./fake-network.js";

interface Parcel {
  bytes: Uint8Array;
  readonly consumed: () => void;
}

interface FakeDial {
  readonly clock: FakeClock;
  readonly route: FakeRoute;
  readonly options: SocketOptions;
  /** `192.0.2.1:80`, or `unix:/path`. */
  readonly name: string;
  readonly localPort: number;
  readonly log: (text: string) => void;
  readonly connected: (socket: FakeSocket) => void;
}

/** The client's end of a fake connection. It behaves like `net.Socket` and `tls.TLSSocket`, `onread` included. */
export class FakeSocket extends Duplex {
  /** The other end, for the test to write and read. */
  readonly peer: FakePeer;
  /** What was dialed: `192.0.2.1:80`, or `unix:/path`. */
  readonly name: string;
  /** The options it was dialed with. */
  readonly options: SocketOptions;
  /** Whether it stands for a TLS socket: it was dialed with the option `tls`. */
  readonly encrypted: boolean;
  /** As in `tls.TLSSocket`; true with TLS, false without. */
  readonly authorized: boolean;
  /** As in `tls.TLSSocket`: the protocol that `FakeRoute.alpn` set, or false. */
  readonly alpnProtocol: string | false;
  readonly #dial: FakeDial;
  readonly #queue: Parcel[] = [];
  readonly #window = new Window();
  #cancel: () => void = () => {};
  #state: "connecting" | "securing" | "open" = "connecting";
  #held: (() => void)[] = [];
  #buffer: Uint8Array | undefined;
  #reading = false;
  #finArrived = false;
  #finSeen = false;
  #bytesRead = 0;
  #bytesWritten = 0;
  #refed = true;

  /** @internal */
  constructor(dial: FakeDial) {
    super({ allowHalfOpen: false });
    this.#dial = dial;
    this.name = dial.name;
    this.options = dial.options;
    this.encrypted = dial.options.tls !== undefined;
    this.authorized = this.encrypted;
    this.alpnProtocol = dial.route.alpn ?? false;
    this.peer = new FakePeer(this);
    const { after = 0, fails, blackHole = false } = dial.route;
    if (blackHole) return;
    this.#cancel = dial.clock.schedule(after, () =>
      fails === undefined ? this.#connected() : this.#failed("connect", fails),
    );
  }

  /** As in `net.Socket`: whether the dial is still connecting. */
  get connecting(): boolean {
    return this.#state === "connecting" && !this.destroyed;
  }

  /** As in `net.Socket`: the address that was dialed; undefined until connected. */
  get remoteAddress(): string | undefined {
    return this.connecting ? undefined : this.options.host;
  }

  /** As in `net.Socket`: the port that was dialed; undefined until connected. */
  get remotePort(): number | undefined {
    return this.connecting ? undefined : this.options.port;
  }

  /** As in `net.Socket`: the option `localAddress`, or the loopback address of the family. */
  get localAddress(): string {
    return this.options.localAddress ?? (this.options.host?.includes(":") ? "::1" : "127.0.0.1");
  }

  /** As in `net.Socket`: 50001 for the runtime's first dial, and so on. */
  get localPort(): number {
    return this.#dial.localPort;
  }

  /** As in `net.Socket`: bytes that the client has read. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** As in `net.Socket`: bytes that the client has sent. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Whether it would keep the process alive: true until `unref()`. */
  get refed(): boolean {
    return this.#refed;
  }

  /** As in `net.Socket`; sets `refed`. */
  ref(): this {
    this.#refed = true;
    return this;
  }

  /** As in `net.Socket`; clears `refed`. */
  unref(): this {
    this.#refed = false;
    return this;
  }

  /** As in `net.Socket`; without effect. */
  setNoDelay(): this {
    return this;
  }

  /** As in `net.Socket`; without effect. */
  setKeepAlive(): this {
    return this;
  }

  /** As in `tls.TLSSocket`: always `TLSv1.3`, or null without TLS. */
  getProtocol(): string | null {
    return this.encrypted ? "TLSv1.3" : null;
  }

  /** As in `tls.TLSSocket`: always `TLS_AES_128_GCM_SHA256`. */
  getCipher(): { name: string; standardName: string; version: string } {
    return { name: "TLS_AES_128_GCM_SHA256", standardName: "TLS_AES_128_GCM_SHA256", version: "TLSv1.3" };
  }

  /** As in `tls.TLSSocket`; always false. */
  isSessionReused(): boolean {
    return false;
  }

  /** As in `net.Socket`: resets the connection; the peer is destroyed with `ECONNRESET`. */
  resetAndDestroy(): this {
    this.#dial.log(`reset ${this.name}`);
    this.send(() => this.peer.destroy(systemError("ECONNRESET", "read", "")));
    return this.destroy();
  }

  /** As in `net.Socket`: nothing is delivered until `resume()`. */
  override pause(): this {
    if (this.options.onread !== undefined) this.#reading = false;
    return super.pause();
  }

  /** As in `net.Socket`: delivers again after `pause()`. */
  override resume(): this {
    if (this.options.onread !== undefined) this.#startReading();
    return super.resume();
  }

  /** For both ends: something travels over the link. @internal */
  send(arrival: () => void): void {
    this.#dial.clock.schedule(this.#dial.route.latency ?? 0, arrival);
  }

  /** For the peer: its bytes have come. @internal */
  arrive(bytes: Uint8Array, consumed: () => void): void {
    if (this.destroyed) {
      consumed();
      return;
    }
    this.#queue.push({ bytes, consumed });
    this.#deliver();
  }

  /** For the peer: its end has come. @internal */
  arriveEnd(): void {
    this.#finArrived = true;
    this.#deliver();
  }

  /** @internal */
  override _read(): void {
    this.#startReading();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#state !== "open") {
      this.#held.push(() => this._write(chunk, _encoding, done));
      return;
    }
    this.#bytesWritten += chunk.length;
    const bytes = Buffer.from(chunk);
    const consumed = this.#window.take(bytes.length, done);
    this.send(() => this.peer.arrive(bytes, consumed));
  }

  /** @internal */
  override _final(done: Done): void {
    if (this.#state !== "open") {
      this.#held.push(() => this._final(done));
      return;
    }
    this.#dial.log(`end ${this.name}`);
    this.#sendEnd();
    done();
  }

  /** @internal */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancel();
    if (this.#state === "open") {
      this.#dial.log(`closed ${this.name}`);
      if (!this.writableFinished) this.#sendEnd();
    } else if (error === null) {
      this.#dial.log(`cancelled ${this.name}`);
    }
    for (const { consumed } of this.#queue.splice(0)) consumed();
    done(error);
  }

  #sendEnd(): void {
    this.send(() => {
      if (!this.peer.destroyed) this.peer.push(null);
    });
  }

  #failed(syscall: "connect" | "read", code: string): void {
    this.#dial.log(`failed ${this.name} ${code}`);
    const { host: address, port } = this.options;
    this.destroy(systemError(code, syscall, this.name, { address, port }));
  }

  #connected(): void {
    this.#dial.log(`connected ${this.name}`);
    const { secureAfter = 0, secureFails, secureBlackHole = false } = this.#dial.route;
    if (!this.encrypted) {
      this.#open("connect");
      return;
    }
    this.#state = "securing";
    this.emit("connect");
    if (secureBlackHole || this.destroyed) return;
    this.#cancel = this.#dial.clock.schedule(secureAfter, () => {
      if (secureFails !== undefined) {
        this.#failed("read", secureFails);
        return;
      }
      this.#dial.log(`secured ${this.name}`);
      this.#open("secureConnect");
    });
  }

  #open(event: "connect" | "secureConnect"): void {
    this.#state = "open";
    const { onread } = this.options;
    if (onread !== undefined) {
      const { buffer } = onread;
      this.#buffer = typeof buffer === "function" ? buffer() : buffer;
      this.#reading = true;
    }
    this.#dial.connected(this);
    this.emit(event);
    for (const held of this.#held.splice(0)) held();
    this.#deliver();
  }

  #startReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#dial.clock.schedule(0, () => this.#deliver());
  }

  #deliver(): void {
    if (this.#state !== "open") return;
    while (this.#reading && !this.destroyed) {
      const parcel = this.#queue[0];
      if (parcel === undefined) break;
      if (this.options.onread === undefined) this.#push(parcel);
      else this.#read(this.options.onread, parcel);
    }
    if (this.#queue.length > 0 || !this.#finArrived || this.#finSeen || !this.#reading || this.destroyed)
      return;
    this.#finSeen = true;
    this.push(null);
    // As in `net`: nobody may ever read this stream, and its end is to be seen all the same.
    this.read(0);
  }

  #push(parcel: Parcel): void {
    this.#queue.shift();
    this.#bytesRead += parcel.bytes.length;
    this.#reading = this.push(parcel.bytes);
    parcel.consumed();
  }

  #read(onread: NonNullable<SocketOptions["onread"]>, parcel: Parcel): void {
    const buffer = this.#buffer as Uint8Array;
    if (buffer.length === 0) {
      this.destroy(systemError("ENOBUFS", "read", ""));
      return;
    }
    const count = Math.min(buffer.length, parcel.bytes.length);
    buffer.set(parcel.bytes.subarray(0, count));
    this.#bytesRead += count;
    parcel.bytes = parcel.bytes.subarray(count);
    if (parcel.bytes.length === 0) this.#queue.shift();
    if (onread.callback(count, buffer) === false) this.#reading = false;
    if (typeof onread.buffer === "function") {
      // `net` keeps the buffer it has when the function returns none.
      const next: Uint8Array | undefined = onread.buffer();
      if (next !== undefined) this.#buffer = next;
    }
    if (parcel.bytes.length === 0) parcel.consumed();
  }
}

/** The far end of a fake connection: a stream that a test reads and writes as a server would. */
export class FakePeer extends Duplex {
  /** The client's end. */
  readonly client: FakeSocket;
  readonly #received: Buffer[] = [];
  readonly #window = new Window();
  #unread: (() => void)[] = [];

  /** @internal */
  constructor(client: FakeSocket) {
    super({ allowHalfOpen: true });
    this.client = client;
    this.on("error", () => {});
    // Flowing from the start, so that a test which only looks at `received` does not hold the client back.
    this.resume();
  }

  /** Every byte the client has sent so far, read or not. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Resets the connection: the client's end is destroyed with `ECONNRESET`. */
  reset(): void {
    this.client.send(() => this.client.destroy(systemError("ECONNRESET", "read", "")));
    this.destroy();
  }

  /** For the client's end: its bytes have come. @internal */
  arrive(bytes: Buffer, consumed: () => void): void {
    this.#received.push(bytes);
    if (this.destroyed || this.push(bytes)) consumed();
    else this.#unread.push(consumed);
  }

  /** @internal */
  override _read(): void {
    for (const consumed of this.#unread.splice(0)) consumed();
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // A copy: the caller may use its buffer again once the write is done.
    const bytes = Buffer.from(chunk);
    const consumed = this.#window.take(bytes.length, done);
    this.client.send(() => this.client.arrive(bytes, consumed));
  }

  /** @internal */
  override _final(done: Done): void {
    this.client.send(() => this.client.arriveEnd());
    done();
  }

  /** @internal */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.client.send(() => this.client.arriveEnd());
    done(error);
  }
}

type Done = (error?: Error | null) => void;

/** What a direction of a link holds, as the kernel's buffers do, before its writer has to wait. */
const WINDOW_BYTES = 65_536;

/** Counts the bytes of one direction that were written and not read yet. */
class Window {
  #inFlight = 0;

  /** Takes a write in: `done` is called at once where there is room. Returns what to call when it was read. */
  take(bytes: number, done: Done): () => void {
    this.#inFlight += bytes;
    const room = this.#inFlight <= WINDOW_BYTES;
    if (room) done();
    return () => {
      this.#inFlight -= bytes;
      if (!room) done();
    };
  }
}
