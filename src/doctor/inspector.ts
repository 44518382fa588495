import { randomBytes } from "node:crypto";
import { get, request } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds that anything may take here. */
const LIMIT = 5000;

/** Asks the inspector of a Node process, over its own WebSocket: enough of both for a few short questions. */
export class Inspector {
  readonly #socket: Socket;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #bytes: Buffer;
  #last = 0;

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#bytes = head;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const answer of this.#answers.values()) answer({ error: { message: "the inspector has gone" } });
    });
  }

  /** Connects to the inspector that listens on a port of this machine. */
  static async connect(port: number): Promise<Inspector> {
    const [target] = (await json(port, "/json/list")) as { webSocketDebuggerUrl?: string }[];
    if (target?.webSocketDebuggerUrl === undefined) throw new Error("its inspector is already in use");
    const { pathname } = new URL(target.webSocketDebuggerUrl);
    return new Promise((resolve, reject) => {
      const upgrade = request({
        host: "127.0.0.1",
        port,
        path: pathname,
        headers: {
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": randomBytes(16).toString("base64"),
        },
        timeout: LIMIT,
      });
      upgrade.on("upgrade", (_response, socket, head) => resolve(new Inspector(socket as Socket, head)));
      upgrade.on("response", () => reject(new Error("its inspector does not speak WebSocket")));
      upgrade.on("timeout", () => upgrade.destroy(new Error("its inspector does not answer")));
      upgrade.on("error", reject);
      upgrade.end();
    });
  }

  /** The value of an expression in the process; `require` is there. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#ask("Runtime.evaluate", {
      expression,
      includeCommandLineAPI: true,
      returnByValue: true,
    });
    const { result, exceptionDetails } = answer.result ?? {};
    if (answer.error !== undefined) throw new Error(answer.error.message);
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description?.split("\n")[0] ?? "it failed in the process");
    return result?.value;
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(method: string, params: object): Promise<Answer> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the process does not answer: is it busy?")), LIMIT);
      this.#answers.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#socket.write(frame(JSON.stringify({ id, method, params })));
    });
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const message = unframed(this.#bytes);
      if (message === undefined) return;
      this.#bytes = this.#bytes.subarray(message.end);
      const answer = JSON.parse(message.text) as Answer & { id?: number };
      if (answer.id === undefined) continue;
      this.#answers.get(answer.id)?.(answer);
      this.#answers.delete(answer.id);
    }
  }
}

interface Answer {
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
  readonly error?: { readonly message: string };
}

function json(port: number, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, timeout: LIMIT }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        } catch {
          reject(new Error("the program at that address is not an inspector"));
        }
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("its inspector does not answer")));
    asked.on("error", reject);
  });
}

/** A text message in one masked frame, as a client must send it. */
export function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const mask = randomBytes(4);
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : body.length < 65_536
        ? Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff])
        : Buffer.from([0x81, 0xff, 0, 0, 0, 0, ...uint32(body.length)]);
  for (let index = 0; index < body.length; index++) body[index] = (body[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return Buffer.concat([head, mask, body]);
}

/** The first whole message of a server, which masks nothing and does not divide; where it ends. */
export function unframed(bytes: Buffer): { text: string; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
  if (bytes.length < start + length) return undefined;
  return { text: bytes.toString("utf8", start, start + length), end: start + length };
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}
