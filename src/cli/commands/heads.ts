import type { RedirectHop, Response, Trace } from "../../index.js";
import { rawHeaders } from "../../message/index.js";
import { type Output, printable } from "../terminal.js";

/** The lines of a response's head, in the order and case of the wire. */
export function headOf({ status, statusText, connection, headers }: Response): string[] {
  const protocol = connection.protocol === "h2" ? "HTTP/2" : connection.protocol.toUpperCase();
  const lines = [`${protocol} ${status} ${statusText}`.trimEnd()];
  const fields = rawHeaders(headers);
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return lines;
}

/** What `-v` shows, in curl's manner: what goes out, what comes back, and over which connection. */
export class Heads {
  readonly #output: Output;
  #requestLine: string;
  #lines: string[] = [];

  /** What the call is made with. */
  readonly init: { readonly trace: Trace; onRedirect(hop: RedirectHop): Promise<void> } = {
    trace: {
      gotConnection: ({ connection, reused }) => {
        this.#lines.push(`* connection ${connection}${reused ? ", used before" : ", new"}`);
        this.#lines.push(`> ${this.#requestLine}`);
      },
      wroteHeaderField: ({ name, value }) => {
        const isSecret = /^(?:proxy-)?authorization$|^cookie$/i.test(name);
        this.#lines.push(`> ${name}: ${isSecret ? "***" : value}`);
      },
      wroteHeaders: () => this.#lines.push(">"),
    },
    onRedirect: async ({ response, request }) => {
      await this.show(response);
      this.#requestLine = requestLine(request.method, request.url);
    },
  };

  constructor(output: Output, method: string, url: string) {
    this.#output = output;
    this.#requestLine = requestLine(method, url);
  }

  /** Prints what was collected, and the response's head. */
  async show(response: Response): Promise<void> {
    const lines = [...this.#lines, ...headOf(response).map((text) => `< ${text}`), "<"];
    this.#lines = [];
    for (const line of lines) await this.#output.line(printable(line));
  }
}

function requestLine(method: string, url: string): string {
  const { pathname, search } = new URL(url);
  return `${method} ${pathname}${search}`;
}
