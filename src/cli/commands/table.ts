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
      { name: "include", short: "i", help: "print the head of the response before its body" },
      { name: "head", short: "I", help: "send HEAD, and print the head of the response" },
      {
        name: "verbose",
        short: "v",
        help: "print both heads, and which connection they went over (standard error)",
      },
      {
        name: "user",
        short: "u",
        value: "user:password",
        help: "HTTP Basic credentials for the URL's origin",
      },
      { name: "insecure", short: "k", help: "accept any certificate: who answers is then not known" },
      { name: "location", short: "L", help: "follow redirects, which is done anyway" },
      {
        name: "silent",
        short: "s",
        help: "print no progress and no remark about the status; errors are printed all the same",
      },
      { name: "show-error", short: "S", help: "print errors, which is done anyway" },
      { name: "fail", short: "f", help: "print no body and end with 1 when the status is 400 or more" },
      {
        name: "requests",
        short: "n",
        value: "total",
        help: "send this many requests and print a summary instead of the body",
      },
      { name: "concurrency", short: "c", value: "count", help: "keep this many requests under way at once" },
      {
        name: "proxy",
        value: "url",
        help: "go through this proxy (http, https, socks5, socks5h); none goes direct; default: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
      },
      {
        name: "http1.1",
        help: "speak HTTP/1.1 alone; without it, HTTP/2 is used over https where the server has it",
      },
      {
        name: "http2-prior-knowledge",
        help: "speak HTTP/2 to an http: server without asking, as gRPC servers in clear text expect",
      },
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
  {
    name: "observe",
    summary:
      "watch a client in any language from the server's side: its connections, their reuse, and why not",
    usage: "trunkline observe [--target <origin>] [options] [-- <command...>]",
    positionals: [],
    takesProgram: true,
    options: [
      {
        name: "target",
        value: "origin",
        help: "the server that clients are to reach through the observer; without it, it is an HTTP proxy",
      },
      {
        name: "listen",
        value: "host:port",
        help: "where clients reach the observer (127.0.0.1 and a free port)",
      },
      {
        name: "keep-host",
        help: "leave Host as the client writes it; without it the observer's own address in it becomes the target's",
      },
      {
        name: "fail-if",
        value: "expr",
        repeat: true,
        help: "end with 3 when it holds: reuse<95%, connections>10, failed>0, finding:body-unread; may be repeated",
      },
    ],
    notes: [
      "The program after -- gets the observer's address in TRUNKLINE_TARGET, and in place of {url} in its arguments; its exit code is passed on. Without a program it observes until Ctrl-C.",
      "Without --target it is a proxy: the program gets it in HTTP_PROXY and HTTPS_PROXY. A client may treat connections to a proxy differently, and most go directly to localhost, Go's included; within TLS only connections are seen.",
      "With an https target the client speaks http to the observer, which makes the TLS.",
      "With --json: { program, exitCode, report }.",
    ],
    load: async () => (await import("./observe.js")).observe,
  },
  {
    name: "doctor",
    summary: "run any Node.js program and say what its HTTP clients do with their connections",
    usage: "trunkline doctor [options] -- <command…>, or --attach <pid>, or --read",
    positionals: [],
    takesProgram: true,
    options: [
      { name: "report", value: "file.html", help: "write the report as one HTML file, too" },
      { name: "every", value: "time", help: "print a report of what was seen so far, each 30s, 5m or 1h" },
      {
        name: "attach",
        value: "pid",
        help: "watch a Node.js process that runs already, until Ctrl-C or its end",
      },
      {
        name: "read",
        help: "report on a service that was started with the preload alone; --folder where it was told to write elsewhere",
      },
      {
        name: "folder",
        value: "path",
        help: "what --read reads (trunkline-doctor in the folder for temporary files)",
      },
      {
        name: "fail-if",
        value: "condition",
        repeat: true,
        help: "end with code 3 when it holds: reuse<95%, connections>N, failed>0 or finding:KIND; may be repeated",
      },
    ],
    notes: [
      "Sees the global fetch, undici, and all that uses node:http (axios, got, node-fetch, superagent, needle and SDKs), in child processes and workers too, on Node 20 and newer.",
      "kill -USR2 <pid of the doctor> prints a report of now; the program gets no signal.",
      "The program runs as it would without: its output, its input and its exit code are its own. The report goes to standard error.",
      "With --json: { program, exitCode, report }; the program's standard output then goes to standard error.",
    ],
    load: async () => (await import("./doctor.js")).doctor,
  },
  {
    name: "probe",
    summary: "learn what a server does with connections, and the settings of clients that suit it",
    usage: "trunkline probe <origin> [options]",
    positionals: ["origin"],
    options: [
      {
        name: "max-wait",
        value: "seconds",
        help: "wait so long at most to see when idle connections end (80); 0 leaves that out",
      },
    ],
    notes: [
      "Makes some fifteen connections to one address, one or two requests on each, and waits on all at once; a path after the origin is what it asks for.",
      "With --json: { origin, addresses, phases, status, http, http2, tls, keepAlive, idle, settings, cost }, times in milliseconds.",
    ],
    load: async () => (await import("./probe.js")).probeCommand,
  },
  {
    name: "reason",
    summary: "say what a reason to dial or to close means, its usual cause, and the remedy",
    usage: "trunkline reason <name>",
    positionals: ["name"],
    options: [],
    notes: [
      "trunkline reason list prints every name there is.",
      "With --json: a list of { name, of, meaning, cause, remedy }.",
    ],
    load: async () => (await import("./explain-name.js")).reason,
  },
  {
    name: "finding",
    summary: "say what a finding means, how sure it is, and the remedy",
    usage: "trunkline finding <name>",
    positionals: ["name"],
    options: [],
    notes: [
      "trunkline finding list prints every name there is.",
      "With --json: a list of { name, of, meaning, cause, remedy, certainty }.",
    ],
    load: async () => (await import("./explain-name.js")).finding,
  },
  {
    name: "why",
    summary: "tell why a recorded request got its connection, or the life of a connection",
    usage: "trunkline why <recording> <request|connection>",
    positionals: ["recording", "request or connection"],
    options: [],
    notes: [
      "r92 is request 92, c17 connection 17; transport.recordTo(file) makes a recording, and - reads one from standard input.",
      "With --json: { id, text, exchanges, decisions } or { id, text, connections }.",
    ],
    load: async () => (await import("./why.js")).why,
  },
  {
    name: "replay",
    summary: "replay a recording's demand with other settings: how many dials there would have been",
    usage: "trunkline replay <recording> --set <key=value>...",
    positionals: ["recording"],
    options: [
      {
        name: "set",
        value: "key=value",
        repeat: true,
        help: "a setting of the pool, as in TransportOptions: maxIdleConnectionsPerOrigin=20; may be repeated",
      },
    ],
    notes: [
      "With --json: { settings, requests, actualDials, modelledDials, predictedDials, queued, queuedMs, refused, partial }.",
    ],
    load: async () => (await import("./replay.js")).replay,
  },
];
