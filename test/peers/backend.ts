import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BIG, FILES } from "./files.js";

/** The `node:http` server behind the peers: what no configuration of theirs can answer, and the files for HAProxy. */
export class Backend implements AsyncDisposable {
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  /** How often each id was posted to `/count`. */
  readonly posts: Map<string, number> = new Map();

  static async start(): Promise<Backend> {
    const backend = new Backend();
    // A proxy's idle connection must not end just when it uses it.
    backend.#server.keepAliveTimeout = 600_000;
    backend.#server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      void backend.#answer(request, response);
    });
    await new Promise<void>((resolve) => backend.#server.listen(0, "127.0.0.1", resolve));
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "/"] = (request.url ?? "/").split("?");
    response.on("error", () => {});
    if (path === "/digest") {
      const hash = createHash("sha256");
      let bytes = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      response.end(
        JSON.stringify({
          bytes,
          sha256: hash.digest("hex"),
          coding: request.headers["transfer-encoding"] ?? "",
        }),
      );
      return;
    }
    if (path === "/echo") {
      // No length, so that it comes back in chunks as well.
      response.writeHead(200);
      for await (const chunk of request as AsyncIterable<Buffer>) response.write(chunk);
      response.end();
      return;
    }
    request.resume();
    if (path === "/count") {
      const id = new URLSearchParams(request.url?.split("?")[1]).get("id") ?? "";
      this.posts.set(id, (this.posts.get(id) ?? 0) + 1);
      response.end("counted");
    } else if (path === "/trailers") {
      response.writeHead(200, { "content-type": "application/octet-stream", trailer: "X-Sum" });
      response.write("with ");
      response.addTrailers({ "X-Sum": "peers" });
      response.end("trailers");
    } else if (path === "/hints") {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.end("hinted");
    } else if (path === "/204") response.writeHead(204).end();
    else if (path === "/big.bin") this.#big(response);
    else this.#file(path, response);
  }

  #file(path: string, response: ServerResponse): void {
    const content = FILES[path.slice(1)];
    if (content === undefined) response.writeHead(404).end("no such file");
    else
      response
        .writeHead(200, { "content-type": "text/plain", "content-length": content.length })
        .end(content);
  }

  #big(response: ServerResponse): void {
    response.writeHead(200, { "content-length": BIG });
    const piece = Buffer.alloc(1 << 20);
    let left = BIG;
    const write = (): void => {
      while (left > 0) {
        left -= piece.length;
        if (!response.write(piece)) return void response.once("drain", write);
      }
      response.end();
    };
    write();
  }
}
