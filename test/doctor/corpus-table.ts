import type { FindingKind } from "../../src/explain/index.js";

/** A program of the corpus and what the doctor is to say of it. */
export interface Case {
  /** Its file in corpus/programs, without the ending. */
  readonly program: string;
  /** What must be found; nothing for a healthy program. */
  readonly finds: readonly FindingKind[];
  /** What may be found besides, as the fault leads to it. */
  readonly also?: readonly FindingKind[];
  /** Where the finding starts is known: it names the program's own file. */
  readonly site?: true;
  readonly exitCode?: number;
  /** The first version of Node that shows what is needed. */
  readonly since?: number;
  /** The program runs again with its fault mended as the remedy says: no more connections and failures than these. */
  readonly mended?: {
    readonly connections?: number;
    readonly failed?: number;
    /** What may be found then, at most [low]. */
    readonly leaves?: readonly FindingKind[];
  };
  /** Words that the remedy must have. */
  readonly remedy?: RegExp;
  /** Requests and connections are not the server's to count: some never reach it. */
  readonly uncounted?: true;
  /** Over HTTP/2: the most requests at once on a connection, and how many the server allows. */
  readonly streams?: { readonly onOne: number; readonly limit: number };
  /** What else the report says. */
  readonly notes?: RegExp;
  /** Each origin that the report names. */
  readonly origins?: RegExp;
  /** Passed to the program, for each value a run: the undici it uses. */
  readonly arguments?: readonly string[];
}

/** Over what Node has in itself: the global fetch, `node:http` and `node:https`. */
export const builtIn: readonly Case[] = [
  { program: "http-agent-each", finds: ["client-per-request"], site: true },
  { program: "http-agent-false", finds: ["keep-alive-off"], site: true },
  { program: "http-agent-default", finds: ["keep-alive-off"], site: true },
  { program: "http-connection-close", finds: ["keep-alive-off"], site: true },
  { program: "http-unread", finds: ["body-unread"], site: true },
  { program: "http-unread-server-ends", finds: ["body-unread"], site: true },
  { program: "http-destroy-large", finds: ["body-abandoned"], site: true },
  { program: "http-free-sockets", finds: ["idle-limit-churn"] },
  { program: "http-free-sockets-beside", finds: ["client-per-request", "idle-limit-churn"] },
  { program: "http-idle-race", finds: ["idle-timeout-race"] },
  { program: "http-idle-short", finds: ["idle-timeout-short"] },
  { program: "http-server-closes", finds: ["server-closes-each"] },
  { program: "http-eof-body", finds: ["server-closes-each"] },
  { program: "http-old-server", finds: ["http-1.0-peer"] },
  { program: "http-route-split", finds: ["route-split"] },
  { program: "http-burst", finds: ["unbounded-burst"] },
  { program: "http-queue", finds: ["queueing"] },
  { program: "http-slow-dns", finds: ["slow-dns"] },
  { program: "http-refused", finds: ["dial-failures"] },
  { program: "http-stale", finds: ["idle-timeout-race"] },
  {
    program: "http-stale-any-age",
    finds: ["stale-retries"],
    arguments: ["fetch", "http"],
    remedy: /(?:timeout|keepAliveTimeout): \d+/,
    mended: { failed: 0, leaves: ["idle-timeout-short"] },
  },
  { program: "http-worker", finds: ["client-per-request"], site: true },
  { program: "http-exit", finds: ["client-per-request"], site: true, exitCode: 1 },
  { program: "https-no-sessions", finds: ["server-closes-each", "tls-not-resumed"] },
  { program: "fetch-unread", finds: ["body-unread"] },
  // undici dials again after each, though nobody waits for it; here the server is gone by then.
  { program: "fetch-cancel", finds: ["body-abandoned"], also: ["over-dialing"] },
  { program: "fetch-head", finds: ["keep-alive-off"], site: true },
  { program: "fetch-server-closes", finds: ["server-closes-each"] },
  { program: "fetch-over-dialing", finds: ["over-dialing"] },
  { program: "fetch-refused", finds: ["dial-failures"] },
  { program: "fetch-burst", finds: ["unbounded-burst"] },
  { program: "fetch-idle-race", finds: ["idle-timeout-race"] },
  {
    program: "https-agent-options-each",
    finds: ["client-per-request"],
    site: true,
    remedy: /new https\.Agent\(\{ keepAlive: true, rejectUnauthorized: false \}\)/,
    mended: { connections: 1 },
  },
  { program: "http-hangs-up", finds: ["server-hangs-up"], remedy: /server's log/ },
  {
    program: "http-cut-short",
    finds: ["server-hangs-up"],
    arguments: ["fetch", "http"],
    remedy: /Content-Length/,
    uncounted: true,
  },
  { program: "fetch-hangs-up", finds: ["server-hangs-up"] },
  { program: "http-restarts", finds: ["server-restarts"] },
  {
    program: "http-announced-short",
    finds: ["server-idle-short"],
    remedy: /keepAliveTimeout = 65_000/,
    mended: { connections: 1 },
  },
  {
    program: "http-below-gap",
    finds: ["idle-timeout-race"],
    remedy: /longer keep-alive in the server/,
    mended: { connections: 1 },
  },
  { program: "fetch-below-gap", finds: ["idle-timeout-race"], mended: { connections: 1 } },
  {
    program: "http-head-too-large",
    finds: ["head-over-limit"],
    remedy: /maxHeaderSize/,
    mended: { connections: 1, failed: 0 },
  },
  { program: "fetch-head-too-large", finds: ["head-over-limit"] },
  {
    program: "http-time-limit",
    finds: ["client-timeouts"],
    uncounted: true,
    mended: { connections: 1, failed: 0 },
  },
  { program: "https-no-handshake", finds: ["dial-failures"], remedy: /^There is no answer/ },
  {
    program: "fetch-time-limit",
    finds: ["client-timeouts"],
    uncounted: true,
    mended: { connections: 2, failed: 0 },
  },
  {
    program: "http-descriptors",
    finds: ["unbounded-burst"],
    remedy: /maxSockets: 20/,
    uncounted: true,
    mended: { connections: 20, failed: 0, leaves: ["queueing"] },
  },
  {
    program: "http-destroy-each",
    finds: ["pool-destroyed"],
    site: true,
    remedy: /agent\.destroy\(\)/,
    mended: { connections: 1 },
  },
  { program: "worker-per-job", finds: ["worker-per-job"], mended: { connections: 2 } },
  {
    program: "http-upload-early",
    finds: ["upload-unfinished"],
    remedy: /^Have the server read the whole body/,
    mended: { connections: 1 },
  },
  {
    program: "http-network-forgets",
    finds: ["network-forgets-idle"],
    remedy: /timeout: \d+/,
    mended: { failed: 0, leaves: ["idle-timeout-short"] },
  },
  { program: "http-stood-still", finds: ["process-stood-still"], uncounted: true, notes: /was paused for/ },
  { program: "http-listeners", finds: ["listeners-left"], site: true },
  { program: "healthy-hedged", finds: [], uncounted: true },
  { program: "healthy-exit-reading", finds: [], uncounted: true },
  { program: "healthy-mocked", finds: [], uncounted: true, notes: /14 requests answered inside the program/ },
  { program: "healthy-unix", finds: [] },
  { program: "http2-session-each", finds: ["client-per-request"], site: true, since: 22 },
  { program: "http2-several", finds: ["several-connections"], since: 22 },
  { program: "https-burst", finds: ["http2-would-do"] },
  { program: "healthy-http2", finds: [], since: 22 },
  { program: "healthy-fetch-http2", finds: [], since: 26, streams: { onOne: 8, limit: 50 } },
  { program: "healthy-fetch", finds: [] },
  { program: "healthy-fetch-json", finds: [] },
  { program: "healthy-http", finds: [] },
  { program: "healthy-http-agent", finds: [] },
  { program: "healthy-https", finds: [] },
  { program: "healthy-large", finds: [] },
];

/** The versions of npm's undici that run on a version of Node. */
function undicis(node: number): string[] {
  return node >= 22 ? ["undici5", "undici6", "undici7", "undici8"] : ["undici5", "undici6", "undici7"];
}

/** Over clients from npm, which .ci/steps/40-doctor.sh installs. */
export function clients(node: number): readonly Case[] {
  const all = { arguments: undicis(node) };
  return [
    { program: "undici-agent-each", finds: ["client-per-request"], site: true, ...all },
    {
      program: "undici-proxyagent-each",
      finds: ["client-per-request"],
      site: true,
      remedy: /const dispatcher = new ProxyAgent\(/,
      origins: /^https:/,
      mended: { connections: 1 },
      ...all,
    },
    { program: "undici-client-each", finds: ["client-per-request"], site: true, ...all },
    { program: "undici-no-pipelining", finds: ["keep-alive-off"], site: true, ...all },
    { program: "undici-unread", finds: ["body-unread"], ...all },
    { program: "undici-queue", finds: ["queueing"], ...all },
    { program: "undici-idle-short", finds: ["idle-timeout-short"], ...all },
    { program: "undici-duplicate", finds: ["duplicate-module"] },
    {
      program: "undici-client-queue",
      finds: ["queueing"],
      remedy: /new Pool/,
      mended: { leaves: ["queueing"] },
      ...all,
    },
    {
      program: "agentkeepalive-short",
      finds: ["idle-timeout-short"],
      remedy: /freeSocketTimeout/,
      mended: { connections: 1 },
    },
    {
      program: "axios-time-limit",
      finds: ["client-timeouts"],
      remedy: /of axios/,
      uncounted: true,
      mended: { connections: 1, failed: 0 },
    },
    { program: "healthy-axios-redirects", finds: [] },
    {
      program: "proxy-agent-old",
      finds: ["keep-alive-off"],
      remedy: /https-proxy-agent@7/,
      mended: { connections: 1 },
    },
    {
      program: "axios-proxy-option",
      finds: ["keep-alive-off"],
      remedy: /proxy: false, httpsAgent/,
      origins: /^https:/,
      mended: { connections: 1 },
    },
    {
      program: "healthy-proxied",
      finds: [],
      origins: /^https:/,
      arguments: [...undicis(node), "https-proxy-agent"],
    },
    { program: "axios-agent-each", finds: ["client-per-request"], site: true },
    { program: "axios-stream-unread", finds: ["body-unread"] },
    { program: "got-agent-each", finds: ["client-per-request"], site: true },
    { program: "got-default-agent", finds: ["keep-alive-off"] },
    {
      program: "node-fetch-unread",
      finds: ["body-unread"],
      arguments: ["node-fetch2", "node-fetch"],
      mended: { connections: 1 },
    },
    {
      program: "node-fetch-old",
      finds: ["keep-alive-off"],
      remedy: /^Pass one agent that keeps connections, .* of node-fetch: .*http\.Agent/,
      mended: { connections: 1 },
    },
    { program: "node-fetch-close", finds: ["keep-alive-off"], remedy: /^Remove the `Connection: close`/ },
    { program: "superagent-agent-each", finds: ["client-per-request"], site: true },
    { program: "superagent-default", finds: ["keep-alive-off"] },
    { program: "needle-close", finds: ["keep-alive-off"] },
    { program: "ky-unread", finds: ["body-unread"] },
    { program: "healthy-undici", finds: [], ...all },
    { program: "healthy-axios", finds: [] },
    { program: "healthy-got", finds: [] },
    { program: "healthy-node-fetch", finds: [] },
    { program: "healthy-superagent", finds: [] },
    { program: "healthy-needle", finds: [] },
    { program: "healthy-ky", finds: [] },
  ];
}
