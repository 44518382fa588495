import type { Command } from "../command.js";

/** What a command line without a command name means. */
export const defaultCommand = "request";

/** Every command there is. A new command is a row here and the file its `load` names. */
export const commands: readonly Command[] = [
  {
    name: defaultCommand,
    summary: "send a request, once or many times, and say what the connections did",
    usage: "trunkline [request] <url> [options]",
    positionals: ["url"],
    options: [
      {
        name: "method",
        short: "X",
        value: "method",
        help: "the request's method (GET, or POST when there is a body)",
      },
      {
        name: "header",
        short: "H",
        value: "name: value",
        repeat: true,
        help: "a header field; may be repeated",
      },
      {
        name: "data",
        short: "d",
        value: "data",
        repeat: true,
        help: "the body, sent as a form unless -H says otherwise; @file reads a file, @- standard input; repeated ones are joined by &",
      },
      { name: "form", value: "name=value", repeat: true, help: "a form field, encoded; may be repeated" },
      {
        name: "json-body",
        value: "json",
        help: "a JSON body, checked before it is sent; @file reads a file, @- standard input",
      },
      {
        name: "output",
        short: "o",
        value: "file",
        help: "write the body to a file; - means standard output, binary or not",
      },
      {
        name: "requests",
        short: "n",
        value: "total",
        help: "send this many requests and print a summary instead of the body",
      },
      { name: "concurrency", short: "c", value: "count", help: "keep this many requests under way at once" },
      {
        name: "explain",
        help: "say, for each connection, why it was opened, what it did and why it ended (standard error)",
      },
    ],
    notes: [
      "A request failed when it got no complete response; any status, 404 and 503 too, is a response.",
      "With --json: { url, status, requests, failed, latency: { p50, p90, p99, max }, report }, times in milliseconds.",
    ],
    load: async () => (await import("./request.js")).request,
  },
  {
    name: "demo",
    summary: "answer the founding question by measurement on embedded servers; needs nothing",
    usage: "trunkline demo [options]",
    positionals: [],
    options: [],
    notes: [
      "Takes well under a minute. Where Go is installed its own client is measured beside it.",
      "With --json: { scenarios: [{ name, client, concurrency, requests, connections, milliseconds, reasons }], go, answer }.",
    ],
    load: async () => (await import("../demo/command.js")).demo,
  },
];
