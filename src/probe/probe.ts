import { lookup } from "node:dns/promises";
import { setMaxListeners } from "node:events";
import { isIP } from "node:net";
import { type Target, tlsFault } from "../observe/index.js";
import type { AddressHealth, Http2Health, KeepAlive, Phases, ProbeResult } from "./findings.js";
import { probeHttp2 } from "./http2.js";
import { probeIdle, waitsUpTo } from "./idle.js";
import { type OpenOptions, ProbeConnection, type ProbeExchange } from "./probe-connection.js";
import { settingsFor } from "./settings.js";

interface ProbeOptions {
  readonly target: Target;
  /** Default `/`. */
  readonly path?: string;
  /** How long to wait for the idle limit, in milliseconds; 0 leaves that out. */
  readonly maxWait: number;
  /** Told what is being done, and for how long at most. */
  readonly onStep?: (step: string, milliseconds?: number) => void;
  readonly signal?: AbortSignal;
}

/** Looks at a server: a few connections and a request or two on each. Rejects when no address answers. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { signal } = options;
  if (signal === undefined) return new Probe(options).run();
  // Each connection listens, and a signal warns of more than ten listeners.
  const many = new AbortController();
  setMaxListeners(0, many.signal);
  const abort = (): void => many.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await new Probe({ ...options, signal: many.signal }).run();
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

class Probe {
  readonly #options: ProbeOptions;
  readonly #path: string;
  #address = "";
  #connections = 0;
  #requests = 0;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#path = options.path ?? "/";
  }

  async run(): Promise<ProbeResult> {
    const { target, maxWait, onStep, signal } = this.#options;
    onStep?.("addresses");
    const { addresses: found, dns } = await this.#lookUp();
    const addresses = await Promise.all(found.map((address) => this.#health(address)));
    const best = addresses.find((one) => one.error === undefined);
    if (best === undefined) {
      const shared = target.secure ? await this.#http2Alone(found) : undefined;
      if (shared === undefined) throw new Error(whyNone(target, addresses));
      return shared;
    }
    this.#address = best.address;

    onStep?.("a first request");
    const connection = await this.#open({ address: this.#address });
    const first = await this.#exchange(connection, "GET");
    const phases: Phases = {
      ...(dns === undefined ? {} : { dns }),
      connect: connection.connect,
      ...(connection.tls === undefined ? {} : { tls: connection.tls }),
      waiting: first.waiting,
      receiving: first.receiving,
    };
    onStep?.("keep-alive");
    const { keepAlive, method } = await this.#keepAlive(connection, first);
    const tls = target.secure ? await this.#tls(connection) : undefined;
    connection.close();

    const waits = waitsUpTo(maxWait, keepAlive.announced);
    if (tls?.h2 === true) onStep?.("HTTP/2");
    const shared = tls?.h2 === true ? this.#http2(waits.at(-1) ?? 0) : undefined;
    let idle: ProbeResult["idle"];
    if (maxWait > 0 && keepAlive.reused && signal?.aborted !== true) {
      onStep?.(`idle connections, ${waits.length} at once`, waits.at(-1));
      idle = await probeIdle({
        waits,
        open: async () => {
          const one = await this.#open({ address: this.#address });
          await this.#exchange(one, method);
          return one;
        },
        ask: async (one) => {
          await this.#exchange(one, method);
        },
        ...(signal === undefined ? {} : { signal }),
      });
    }
    const http2 = await shared;
    return {
      origin: target.origin,
      path: this.#path,
      addresses,
      phases,
      status: first.facts.status,
      http: { version: `1.${first.facts.minorVersion}`, ...(tls === undefined ? {} : { h2: tls.h2 }) },
      ...(http2 === undefined ? {} : { http2 }),
      ...(tls === undefined
        ? {}
        : { tls: { version: tls.version, ...(tls.resumes === undefined ? {} : { resumes: tls.resumes }) } }),
      keepAlive,
      ...(idle === undefined ? {} : { idle }),
      settings: settingsFor(keepAlive, idle),
      cost: { requests: this.#requests, connections: this.#connections },
    };
  }

  /** What there is to say of a server that speaks HTTP/2 and nothing else; undefined where it does not speak that either. */
  async #http2Alone(found: readonly string[]): Promise<ProbeResult | undefined> {
    const { target, maxWait, onStep } = this.#options;
    onStep?.("HTTP/2 alone");
    const alpn = ["h2"];
    const addresses = await Promise.all(found.map((address) => this.#health(address, alpn)));
    const best = addresses.find((one) => one.error === undefined);
    if (best === undefined) return undefined;
    this.#address = best.address;
    const first = await this.#open({ address: this.#address, alpn });
    const { version, h2, resumes } = await this.#tls(first, alpn);
    first.close();
    const wait = waitsUpTo(maxWait, undefined).at(-1) ?? 0;
    onStep?.("an idle connection", wait);
    const http2 = await this.#http2(wait);
    const { idleEnd, status, waited } = http2;
    const idle = idleEnd === undefined ? undefined : { limit: idleEnd.after, waited };
    return {
      origin: target.origin,
      path: this.#path,
      addresses,
      ...(status === undefined ? {} : { status }),
      http: { h2 },
      http2,
      tls: { version, ...(resumes === undefined ? {} : { resumes }) },
      ...(idle === undefined ? {} : { idle }),
      settings: settingsFor(undefined, idle),
      cost: { requests: this.#requests, connections: this.#connections },
    };
  }

  async #lookUp(): Promise<{ addresses: string[]; dns?: number }> {
    const { host } = this.#options.target;
    if (isIP(host) !== 0) return { addresses: [host] };
    const started = performance.now();
    const found = await lookup(host, { all: true, verbatim: true });
    return { addresses: [...new Set(found.map((one) => one.address))], dns: performance.now() - started };
  }

  async #health(address: string, alpn?: readonly string[]): Promise<AddressHealth> {
    try {
      const connection = await this.#open({ address, ...(alpn === undefined ? {} : { alpn }) });
      connection.close();
      return {
        address,
        connect: connection.connect,
        ...(connection.tls === undefined ? {} : { tls: connection.tls }),
      };
    } catch (error) {
      return { address, error: inWords(error) };
    }
  }

  /** Whether the server keeps a connection after a response, and which method is enough to find out more. */
  async #keepAlive(
    connection: ProbeConnection,
    { facts, reusable }: ProbeExchange,
  ): Promise<{ keepAlive: KeepAlive; method: "GET" | "HEAD" }> {
    const announced = facts.announcedIdleLimit === undefined ? {} : { announced: facts.announcedIdleLimit };
    if (!reusable && facts.keepAlive) return { keepAlive: await this.#secondTry(announced), method: "HEAD" };
    if (!facts.keepAlive) {
      const because = facts.saidClose
        ? "said-close"
        : facts.minorVersion === 0
          ? "http-1.0"
          : "closed-by-eof-body";
      return { keepAlive: { reused: false, because, ...announced }, method: "GET" };
    }
    for (const method of ["HEAD", "GET"] as const) {
      try {
        const second = await this.#exchange(connection, method);
        if (second.reusable) return { keepAlive: { reused: true, ...announced }, method };
      } catch {
        break;
      }
    }
    return { keepAlive: await this.#secondTry(announced), method: "GET" };
  }

  /** The body was too large to read, or the server dislikes HEAD: two plain requests for as little as possible. */
  async #secondTry(announced: { announced?: number }): Promise<KeepAlive> {
    for (const method of ["HEAD", "GET"] as const) {
      const connection = await this.#open({ address: this.#address });
      try {
        await this.#exchange(connection, method);
        await this.#exchange(connection, method);
        return { reused: true, ...announced };
      } catch {
        // Told below.
      } finally {
        connection.close();
      }
    }
    return { reused: false, because: "closed-without-a-word", ...announced };
  }

  /** `alpn`: what the server is offered when a session is to be resumed; default HTTP/1.1. */
  async #tls(
    first: ProbeConnection,
    alpn?: readonly string[],
  ): Promise<{ version: string; h2: boolean; resumes?: boolean }> {
    const version = first.security?.version ?? "unknown";
    const offered = await this.#open({ address: this.#address, alpn: ["h2", "http/1.1"] });
    const h2 = offered.security?.alpn === "h2";
    offered.close();
    const { session } = first;
    if (session === undefined) return { version, h2, resumes: false };
    const again = await this.#open({
      address: this.#address,
      session,
      ...(alpn === undefined ? {} : { alpn }),
    });
    const resumes = again.security?.resumed === true;
    again.close();
    return { version, h2, resumes };
  }

  async #http2(wait: number): Promise<Http2Health> {
    const { target, signal } = this.#options;
    this.#connections += 1;
    this.#requests += 1;
    try {
      return await probeHttp2(target, {
        address: this.#address,
        path: this.#path,
        wait,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      return { error: inWords(error), waited: 0 };
    }
  }

  async #open(options: OpenOptions): Promise<ProbeConnection> {
    const { target, signal } = this.#options;
    const connection = await ProbeConnection.open(target, {
      ...options,
      ...(signal === undefined ? {} : { signal }),
    });
    this.#connections += 1;
    return connection;
  }

  #exchange(connection: ProbeConnection, method: "GET" | "HEAD"): Promise<ProbeExchange> {
    this.#requests += 1;
    return connection.exchange(method, this.#path);
  }
}

function whyNone(target: Target, addresses: readonly AddressHealth[]): string {
  const [first] = addresses;
  const where = addresses.length === 1 ? `${first?.address}` : `any of its ${addresses.length} addresses`;
  return `cannot reach ${target.origin} at ${where}: ${first?.error ?? "it has no address"}`;
}

function inWords(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "refused: nothing is listening there",
    ECONNRESET: "reset while it was being made",
    EHOSTUNREACH: "no route to it",
    ENETUNREACH: "no route to that network",
    ETIMEDOUT: "no answer",
  };
  switch (tlsFault(code)) {
    case "certificate":
      return `its certificate is not trusted (${code})`;
    case "protocol":
      return "it speaks neither HTTP/1.1 nor HTTP/2";
    case "not-tls":
      return "it does not speak TLS";
    default:
      return known[code] ?? message;
  }
}
