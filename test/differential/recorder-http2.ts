import {
  type Http2Frame,
  Http2WireConnection,
  type Http2WireRequest,
  type IssuedCertificate,
  WireServer,
} from "../../src/testing/index.js";
import type { Answer, Arrived, Bytes, Scenario } from "./scenario.js";

/** A response, without anything of the protocol that it came in. */
interface Plain {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
}

const CRLF = "\r\n";
/** Fields that belong to one connection; HTTP/2 has none. */
const OF_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "proxy-connection",
  "upgrade",
]);

function fieldsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    return OF_CONNECTION.has(name) ? [] : [name, line.slice(colon + 1).trim()];
  });
}

/** The responses that the octets are in HTTP/1.1, 1xx ones included; undefined where they are anything else. */
function plainOf(octets: string): Plain[] | undefined {
  const found: Plain[] = [];
  for (let rest = octets; rest !== ""; ) {
    const end = rest.indexOf(CRLF + CRLF);
    const lines = rest.slice(0, end).split(CRLF);
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) /.exec(lines[0] ?? "")?.[1]);
    if (end < 0 || Number.isNaN(status) || status === 101) return undefined;
    const fields = lines.slice(1);
    if (fields.some((line) => !/^[\w-]+: [ -~]*$/.test(line))) return undefined;
    rest = rest.slice(end + 4);
    const headers = fieldsOf(fields);
    if (status < 200) {
      found.push({ status, headers, body: Buffer.alloc(0), trailers: [] });
      continue;
    }
    const lengths = headers.filter((_, i) => headers[i - 1] === "content-length" && i % 2 === 1);
    if (lengths.length > 1 || fields.some((line) => /^(transfer-encoding|connection):/i.test(line)))
      return undefined;
    if (lengths.length === 0 && rest !== "") return undefined;
    if (lengths.length === 1 && rest.length !== 0 && rest.length !== Number(lengths[0])) return undefined;
    found.push({ status, headers, body: Buffer.from(rest, "latin1"), trailers: [] });
    rest = "";
  }
  return found.length > 0 && (found.at(-1)?.status ?? 0) >= 200 ? found : undefined;
}

function octetsOf(reply: Bytes | readonly Bytes[]): string {
  const parts = (Array.isArray(reply) ? reply : [reply]) as readonly Bytes[];
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      return "base64" in part
        ? Buffer.from(part.base64, "base64").toString("latin1")
        : part.repeat.repeat(part.times);
    })
    .join("");
}

function listOf(answers: Scenario["answers"][string]): readonly Answer[] {
  return (Array.isArray(answers) ? answers : [answers]) as readonly Answer[];
}

/** Whether the scenario is about HTTP, and not about the octets or the connections of HTTP/1.1. */
export function speaksHttp2(scenario: Scenario): boolean {
  return Object.values(scenario.answers)
    .flatMap(listOf)
    .every(
      ({ reply, early, then }) =>
        early !== true &&
        (then === undefined || then === "keep" || then === "stall") &&
        (reply === undefined ? then === "stall" : plainOf(octetsOf(reply)) !== undefined),
    );
}

/** As `Recorder`, over HTTP/2: the scenario's answers, told in it. */
export class Http2Recorder implements AsyncDisposable {
  readonly #scenario: Scenario;
  readonly #servers: WireServer[] = [];
  readonly #connections: Arrived[][] = [];
  readonly #seen = new Map<string, number>();
  #held = 0;
  #release: (() => void)[] = [];

  private constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  static async start(scenario: Scenario, { key, cert }: IssuedCertificate): Promise<Http2Recorder> {
    const recorder = new Http2Recorder(scenario);
    for (const prefix of ["", "B"]) {
      const server = await WireServer.start({
        tls: { key, cert, ALPNProtocols: ["h2"] },
        script: (wire) => recorder.#serve(new Http2WireConnection(wire), prefix),
      });
      recorder.#servers.push(server);
    }
    return recorder;
  }

  /** `host:port` of server A and server B. */
  get hosts(): readonly [a: string, b: string] {
    const [a, b] = this.#servers.map((server) => `127.0.0.1:${server.port}`);
    return [a as string, b as string];
  }

  /** What arrived, with the servers' ports replaced by their names. */
  connections(): Arrived[][] {
    const [a, b] = this.hosts;
    const text = JSON.stringify(this.#connections).replaceAll(a, "{A}").replaceAll(b, "{B}");
    return JSON.parse(text) as Arrived[][];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close().catch(() => undefined);
  }

  async #serve(connection: Http2WireConnection, prefix: string): Promise<void> {
    const arrived: Arrived[] = [];
    try {
      for (;;) {
        const request = await connection.readHead();
        if (arrived.length === 0) this.#connections.push(arrived);
        void this.#exchange(connection, request, arrived, prefix).catch(() => undefined);
      }
    } catch {
      connection.wire.destroy("end"); // the client went away
    }
  }

  async #exchange(
    connection: Http2WireConnection,
    request: Http2WireRequest,
    arrived: Arrived[],
    prefix: string,
  ): Promise<void> {
    const { stream } = request;
    const record: Arrived = {
      line: `${request.method} ${request.path} HTTP/2`,
      host: request.authority,
      headers: lined(request.fields).filter((line) => !line.startsWith(":")),
    };
    arrived.push(record);
    const answer = this.#answer(prefix + (request.path.split("?")[0] ?? ""));
    if (answer.continues === true) await connection.send({ type: "HEADERS", stream, status: 100 });
    await connection.until(
      () => connection.frames.some((frame) => frame.stream === stream && frame.endStream === true),
      "the whole request",
    );
    record.body =
      request.body.length > 2_000 ? `${request.body.length} bytes` : request.body.toString("latin1");
    if (request.trailers.length > 0) record.trailers = lined(request.trailers);
    if (answer.hold !== undefined) await this.#hold(answer.hold);
    const [a, b] = this.hosts;
    const octets = octetsOf(answer.reply ?? "")
      .replaceAll("{A}", a)
      .replaceAll("{B}", b);
    for (const { status, headers, body: given } of plainOf(octets) ?? []) {
      const hasBody = request.method !== "HEAD" && status !== 204 && status !== 304;
      const body = hasBody ? given : Buffer.alloc(0);
      const whole = body.length === 0 && status >= 200;
      const frames: Http2Frame[] = [{ type: "HEADERS", stream, status, headers, endStream: whole }];
      for (let at = 0; at < body.length; at += 16_384) {
        const data = body.subarray(at, at + 16_384);
        frames.push({ type: "DATA", stream, data, endStream: at + 16_384 >= body.length });
      }
      await connection.send(...frames);
    }
  }

  #answer(target: string): Answer {
    const answers = this.#scenario.answers[target];
    if (answers === undefined) return { reply: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };
    const list = listOf(answers);
    const count = this.#seen.get(target) ?? 0;
    this.#seen.set(target, count + 1);
    return list[Math.min(count, list.length - 1)] as Answer;
  }

  async #hold(count: number): Promise<void> {
    this.#held += 1;
    if (this.#held < count) {
      await new Promise<void>((resolve) => this.#release.push(resolve));
      return;
    }
    this.#held = 0;
    for (const release of this.#release.splice(0)) release();
  }
}

/** `name: value`, sorted: the order of different names has no meaning, and cookies may come as crumbs. */
function lined(flat: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < flat.length; i += 2) lines.push(`${flat[i]}: ${flat[i + 1]}`);
  return lines.sort();
}
