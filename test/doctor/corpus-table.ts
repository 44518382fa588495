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
  { program: "http-worker", finds: ["client-per-request"], site: true },
  { program: "http-exit", finds: ["client-per-request"], site: true, exitCode: 1 },
  { program: "https-no-sessions", finds: ["server-closes-each", "tls-not-resumed"] },
  { program: "fetch-unread", finds: ["body-unread"] },
  // undici dials again after each, though nobody waits for it; here the server is gone by then.
  { program: "fetch-cancel", finds: ["body-abandoned"], also: ["dial-failures", "over-dialing"] },
  { program: "fetch-head", finds: ["keep-alive-off"], site: true },
  { program: "fetch-server-closes", finds: ["server-closes-each"] },
  { program: "fetch-over-dialing", finds: ["over-dialing"] },
  { program: "fetch-refused", finds: ["dial-failures"] },
  { program: "fetch-burst", finds: ["unbounded-burst"] },
  { program: "fetch-idle-race", finds: ["idle-timeout-race"] },
  { program: "http2-session-each", finds: ["client-per-request"], site: true, since: 22 },
  { program: "healthy-http2", finds: [], since: 22 },
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
    { program: "undici-client-each", finds: ["client-per-request"], site: true, ...all },
    { program: "undici-no-pipelining", finds: ["keep-alive-off"], site: true, ...all },
    { program: "undici-unread", finds: ["body-unread"], ...all },
    { program: "undici-queue", finds: ["queueing"], ...all },
    { program: "undici-idle-short", finds: ["idle-timeout-short"], ...all },
    { program: "undici-duplicate", finds: ["duplicate-module"] },
    { program: "axios-agent-each", finds: ["client-per-request"], site: true },
    { program: "axios-stream-unread", finds: ["body-unread"] },
    { program: "got-agent-each", finds: ["client-per-request"], site: true },
    { program: "got-default-agent", finds: ["keep-alive-off"] },
    { program: "node-fetch-unread", finds: ["body-unread"] },
    { program: "node-fetch-close", finds: ["keep-alive-off"] },
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
