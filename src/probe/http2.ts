import { type ClientHttp2Session, connect } from "node:http2";
import { isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { http2CodeName } from "../errors/index.js";
import type { Target } from "../observe/index.js";
import type { Http2Health } from "./findings.js";

/** Milliseconds for the connection with its SETTINGS, a response and the answer to a PING, each. */
const PATIENCE = 10_000;
const UNLIMITED = 2 ** 32 - 1;

/** Where the server is, and how long its connection may be left alone. */
interface Http2ProbeOptions {
  readonly address: string;
  readonly path: string;
  readonly wait: number;
  readonly signal?: AbortSignal;
}

/**
 * What a server's HTTP/2 is like: what it says of itself, a request, a PING, and what it says when it ends the connection
 * because nobody uses it, if that is within `wait` milliseconds.
 */
export async function probeHttp2(target: Target, options: Http2ProbeOptions): Promise<Http2Health> {
  const { address, path, wait, signal } = options;
  const { host, port, origin } = target;
  const heard = new Heard();
  const started = performance.now();
  const session = connect(origin, {
    settings: { enablePush: false },
    createConnection: () =>
      connectTls({
        host: address,
        port,
        ALPNProtocols: ["h2"],
        ...(isIP(host) === 0 ? { servername: host } : {}),
      }),
  });
  const abort = (): void => heard.changed();
  signal?.addEventListener("abort", abort, { once: true });
  heard.watch(session, () => signal?.aborted === true);
  try {
    const said = await heard.until(() => heard.settings, PATIENCE);
    const settingsAfter = performance.now() - started;
    if (!heard.over) heard.ask(session, path);
    await heard.until(() => heard.answered, PATIENCE);
    if (!heard.over) {
      session.ping((error, roundTrip) => {
        if (error === null) heard.ping = roundTrip;
        heard.changed();
      });
    }
    await heard.until(() => heard.ping !== undefined, PATIENCE);
    const idleSince = performance.now();
    if (wait > 0) await heard.until(() => heard.goAway !== undefined || heard.ended, wait);
    return {
      ...(said ? { settingsAfter, settings: settingsOf(session) } : {}),
      ...heard.found(Math.round(performance.now() - idleSince)),
    };
  } finally {
    signal?.removeEventListener("abort", abort);
    session.destroy();
  }
}

/** What has come so far. */
class Heard {
  settings = false;
  status: number | undefined;
  answered = false;
  ping: number | undefined;
  ended = false;
  goAway: Http2Health["goAway"];
  error: string | undefined;
  /** Something is new. */
  changed: () => void = () => {};
  #calledOff: () => boolean = () => false;

  watch(session: ClientHttp2Session, calledOff: () => boolean): void {
    this.#calledOff = calledOff;
    session.on("remoteSettings", () => {
      this.settings = true;
      this.changed();
    });
    session.on("goaway", (code, lastStream, text) => {
      const debug = text === undefined ? "" : Buffer.from(text).toString("latin1");
      this.goAway ??= { code: http2CodeName(code), lastStream, debug: debug.replace(/[^\x20-\x7e]/g, ".") };
      this.changed();
    });
    session.on("error", (error: NodeJS.ErrnoException) => {
      this.error ??= error.message;
      this.changed();
    });
    session.on("close", () => {
      this.ended = true;
      this.changed();
    });
  }

  ask(session: ClientHttp2Session, path: string): void {
    const stream = session.request({ ":path": path, "user-agent": "trunkline-probe", accept: "*/*" });
    stream.on("response", ({ ":status": status }) => {
      this.status = status;
    });
    stream.on("error", (error: Error) => {
      this.error ??= error.message;
    });
    stream.on("close", () => {
      this.answered = true;
      this.changed();
    });
    stream.resume();
    stream.end();
  }

  get over(): boolean {
    return this.ended || this.error !== undefined || this.#calledOff();
  }

  /** Whether it came to hold within so many milliseconds. */
  until(holds: () => boolean, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.changed = () => {};
        resolve(holds());
      };
      const timer = setTimeout(done, milliseconds);
      this.changed = () => {
        if (holds() || this.over) done();
      };
      this.changed();
    });
  }

  found(waited: number): Http2Health {
    const { status, ping, error, goAway, ended } = this;
    return {
      ...(status === undefined ? {} : { status }),
      ...(ping === undefined ? {} : { ping }),
      ...(error === undefined ? {} : { error }),
      ...(ended || goAway !== undefined ? { idleEnd: { after: waited, goAway: goAway !== undefined } } : {}),
      ...(goAway === undefined ? {} : { goAway }),
      waited,
    };
  }
}

function settingsOf({ remoteSettings }: ClientHttp2Session): NonNullable<Http2Health["settings"]> {
  const { maxConcurrentStreams: most, maxHeaderListSize: head } = remoteSettings;
  return {
    ...(most === undefined || most >= UNLIMITED ? {} : { maxConcurrentStreams: most }),
    initialWindowSize: remoteSettings.initialWindowSize ?? 65_535,
    maxFrameSize: remoteSettings.maxFrameSize ?? 16_384,
    ...(head === undefined || head >= UNLIMITED ? {} : { maxHeaderListSize: head }),
    headerTableSize: remoteSettings.headerTableSize ?? 4_096,
    extendedConnect: remoteSettings.enableConnectProtocol === true,
  };
}
