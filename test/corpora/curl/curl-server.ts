import { type WireConnection, type WireHead, WireServer } from "../../../src/testing/index.js";
import { type CurlCase, withLineEnds } from "./curl-case.js";

const findPart = (head: WireHead): { part: number; connect: boolean } => {
  if (head.method === "CONNECT") return { part: 0, connect: true };
  // Behind the last slash of all, the query's included.
  const target = head.target.replace(/^[a-z]+:\/\/[^/]*/i, "");
  const number = Number(
    (/\/(\d+)[^/]*$/.exec(target) ?? /\/(\d+)[^/]*$/.exec(target.replace(/\?.*/, "")))?.[1] ?? 0,
  );
  return { part: number > 10_000 ? number % 10_000 : 0, connect: false };
};

/**
 * Answers as the server of curl's suite does: the number at the end of the path names the reply, `Authorization`
 * moves on to the replies after the challenge, `swsbounce` to the next one, `swsclose` ends the connection.
 */
export class CurlServer implements AsyncDisposable {
  readonly server: WireServer;
  readonly #case: CurlCase;
  #bounced: number | undefined;

  private constructor(server: WireServer, which: CurlCase) {
    this.server = server;
    this.#case = which;
  }

  static async start(which: CurlCase): Promise<CurlServer> {
    const server = await WireServer.start();
    const curlServer = new CurlServer(server, which);
    server.script((connection) => curlServer.#serve(connection));
    return curlServer;
  }

  /** The variables of a run, filled in. */
  fill(text: string, folder: string): string {
    return text
      .replaceAll("%HOSTIP", "127.0.0.1")
      .replaceAll("%HTTPPORT", String(this.server.port))
      .replaceAll("%PROXYPORT", String(this.server.port))
      .replaceAll("%LOGDIR", folder)
      .replaceAll("%PWD", folder)
      .replaceAll("%CLIENTIP", "127.0.0.1")
      .replaceAll("%NOLISTENPORT", "1")
      .replaceAll("%VERSION", "7.88.1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }

  async #serve(connection: WireConnection): Promise<void> {
    try {
      for (;;) {
        const head = await connection.readHead();
        if (!(await this.#answer(connection, head))) return await connection.end();
      }
    } catch {
      connection.destroy("end"); // the client went away
    }
  }

  async #answer(connection: WireConnection, head: WireHead): Promise<boolean> {
    const skips = this.#case.serverCommands.some((command) => command.startsWith("skip"));
    if (head.header("expect") !== undefined && !skips)
      await connection.reply("HTTP/1.1 100 Continue\r\n\r\n");
    if (!skips) await connection.readBody(head);
    const source = this.#choose(head);
    if (source === undefined) return false;
    const bounces = source.includes("swsbounce");
    this.#bounced = bounces ? (this.#bounced ?? 0) + 1 : undefined;
    const reply = withLineEnds(this.fill(source, ""));
    await connection.reply(Buffer.from(reply, "latin1"));
    const closes = source.includes("swsclose") || this.#case.serverCommands.includes("swsclose") || skips;
    return !closes && (head.method === "CONNECT" || head.method === "HEAD" || endsByItself(reply));
  }

  #choose(head: WireHead): string | undefined {
    const { replies } = this.#case;
    const { part, connect } = findPart(head);
    const digest = /^(?:proxy-)?authorization: digest/im.test(head.raw.toString("latin1"));
    const basic = /^(?:proxy-)?authorization: basic/im.test(head.raw.toString("latin1"));
    let number = this.#bounced ?? part;
    if (digest) number += 1000;
    else if (basic && number >= 1000) number += 1;
    const name = number === 0 ? "" : String(number);
    return (connect ? replies.get(`connect${name}`) : undefined) ?? replies.get(name);
  }
}

/** Whether a client can see the end of this reply without the connection's end. */
function endsByItself(reply: string): boolean {
  const heads = reply.split("\r\n\r\n");
  const head = heads.find((one) => /^HTTP\/\S+ (?!1\d\d)/.test(one)) ?? "";
  if (/^connection: *close/im.test(head)) return false;
  return (
    /^(?:content-length:|transfer-encoding:.*chunked)/im.test(head) || /^HTTP\/\S+ (?:204|304)/.test(head)
  );
}
