import type { Gate } from "./gate.js";
import type { Http2Frame } from "./http2-frames.js";
import {
  type Http2Reply,
  Http2WireConnection,
  type Http2WireOptions,
  type Http2WireRequest,
} from "./http2-wire.js";
import type { WireConnection } from "./wire-connection.js";
import type { WireScript } from "./wire-script.js";

/** One step of an HTTP/2 script written as data. */
export type Http2Step =
  | "readRequest"
  | "readHead"
  | "stall"
  | "end"
  | "reset"
  /** Answers the request that was read last; a string is the body of a 200. */
  | { readonly reply: Http2Reply | string }
  /** Sends frames. */
  | { readonly send: readonly Http2Frame[] }
  /** Sends the frames that the function returns for the request that was read last. */
  | { readonly sendFor: (request: Http2WireRequest) => readonly Http2Frame[] }
  /** Waits for a gate or a promise. */
  | { readonly wait: Gate | Promise<unknown> }
  /** Repeats steps `times` times, or until the connection ends. */
  | { readonly repeat: readonly Http2Step[]; readonly times?: number };

/** What an HTTP/2 connection does: a function that drives it, or steps. */
export type Http2Script = ((connection: Http2WireConnection) => Promise<void> | void) | readonly Http2Step[];

/**
 * Makes a `WireServer` script that speaks HTTP/2: `WireServer.start({ script: http2Script(answerEachStream) })`. Over
 * TLS the server needs `tls: { …, ALPNProtocols: ["h2"] }`; without TLS the client needs `http2.priorKnowledge`.
 */
export function http2Script(script: Http2Script, options: Http2WireOptions = {}): WireScript {
  return async (wire: WireConnection) => {
    const connection = new Http2WireConnection(wire, options);
    if (typeof script === "function") await script(connection);
    else await new Steps(connection).run(script);
  };
}

class Steps {
  readonly #connection: Http2WireConnection;
  #last: Http2WireRequest | undefined;

  constructor(connection: Http2WireConnection) {
    this.#connection = connection;
  }

  async run(steps: readonly Http2Step[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step(step: Http2Step): Promise<void> {
    const connection = this.#connection;
    if (step === "readRequest") this.#last = await connection.readRequest();
    else if (step === "readHead") this.#last = await connection.readHead();
    else if (step === "stall") await connection.stall();
    else if (typeof step === "string") await connection.wire[step]();
    else if ("reply" in step) {
      const response = typeof step.reply === "string" ? { body: step.reply } : step.reply;
      await connection.reply(this.#request(), response);
    } else if ("send" in step) await connection.send(...step.send);
    else if ("sendFor" in step) await connection.send(...step.sendFor(this.#request()));
    else if ("wait" in step) await ("promise" in step.wait ? step.wait.promise : step.wait);
    else {
      const { repeat, times = Number.POSITIVE_INFINITY } = step;
      for (let count = 0; count < times; count += 1) await this.run(repeat);
    }
  }

  #request(): Http2WireRequest {
    if (this.#last === undefined)
      throw new TypeError("this step answers a request, but none has been read yet");
    return this.#last;
  }
}

/** A script that answers each request with status 200 and the body `ok` once the request is complete. */
export const answerEachStream: Http2Script = async (connection) => {
  for (;;) await connection.reply(await connection.readRequest(), { body: "ok" });
};
