import { type WireConnection, type WireHead, WireServer } from "../../src/testing/index.js";
import type { Answer, Arrived, Bytes, Scenario } from "./scenario.js";

const NOT_FOUND: Answer = { reply: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };

/** Two raw servers that play a scenario's answers and record what arrives on which connection. */
export class Recorder implements AsyncDisposable {
  readonly #scenario: Scenario;
  readonly #servers: WireServer[] = [];
  readonly #connections: Arrived[][] = [];
  readonly #seen = new Map<string, number>();
  #held = 0;
  #release: (() => void)[] = [];

  private constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  static async start(scenario: Scenario): Promise<Recorder> {
    const recorder = new Recorder(scenario);
    for (const prefix of ["", "B"]) {
      recorder.#servers.push(
        await WireServer.start({ script: (connection) => recorder.#serve(connection, prefix) }),
      );
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
    return JSON.parse(this.#named(JSON.stringify(this.#connections))) as Arrived[][];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close();
  }

  async #serve(connection: WireConnection, prefix: string): Promise<void> {
    const arrived: Arrived[] = [];
    try {
      for (;;) {
        const head = await connection.readHead();
        if (arrived.length === 0) this.#connections.push(arrived);
        if (!(await this.#exchange(connection, head, arrived, prefix))) return;
      }
    } catch {
      connection.destroy("end"); // the client went away, or sent what is no request
    }
  }

  /** Resolves to false when the connection is over. */
  async #exchange(
    connection: WireConnection,
    head: WireHead,
    arrived: Arrived[],
    prefix: string,
  ): Promise<boolean> {
    const record = describe(head);
    arrived.push(record);
    const answer = this.#answer(prefix + head.target.split("?")[0]);
    if (answer.continues === true) await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
    if (answer.early !== true) {
      const { body, trailers } = await connection.readBody(head);
      record.body = body.length > 2_000 ? `${body.length} bytes` : body.toString("latin1");
      if (trailers.length > 0) record.trailers = fields(trailers);
    }
    if (answer.hold !== undefined) await this.#hold(answer.hold);
    const reply = this.#bytes(answer.reply ?? []);
    if (reply.length > 0) await connection.reply(reply);
    if (answer.then === "close") await connection.end();
    else if (answer.then === "reset") await connection.reset();
    else if (answer.then === "stall") await connection.stall();
    else if (answer.early === true) await connection.stall();
    else return true;
    return false;
  }

  #answer(target: string): Answer {
    const answers = this.#scenario.answers[target];
    if (answers === undefined) return NOT_FOUND;
    const list = (Array.isArray(answers) ? answers : [answers]) as readonly Answer[];
    const count = this.#seen.get(target) ?? 0;
    this.#seen.set(target, count + 1);
    return list[Math.min(count, list.length - 1)] ?? NOT_FOUND;
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

  #bytes(reply: Bytes | readonly Bytes[]): Buffer {
    const parts = (Array.isArray(reply) ? reply : [reply]) as readonly Bytes[];
    const [a, b] = this.hosts;
    return Buffer.concat(
      parts.map((part) => {
        if (typeof part === "string")
          return Buffer.from(part.replaceAll("{A}", a).replaceAll("{B}", b), "latin1");
        return "base64" in part
          ? Buffer.from(part.base64, "base64")
          : Buffer.from(part.repeat.repeat(part.times), "latin1");
      }),
    );
  }

  #named(text: string): string {
    const [a, b] = this.hosts;
    return text.replaceAll(a, "{A}").replaceAll(b, "{B}");
  }
}

/** `name: value` with names in lower case, sorted: the order of different names has no meaning. */
function fields(flat: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < flat.length; i += 2) lines.push(`${flat[i]?.toLowerCase()}: ${flat[i + 1]}`);
  return lines.sort();
}

function describe(head: WireHead): Arrived {
  return {
    line: `${head.method} ${head.target} ${head.version}`,
    host: head.header("host") ?? "",
    headers: fields(head.headers).filter((line) => !line.startsWith("host:")),
  };
}
