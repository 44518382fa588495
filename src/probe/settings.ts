import { seconds } from "../errors/index.js";
import { SERVER_IDLE } from "../explain/index.js";
import type { IdleLimit, KeepAlive, Setting } from "./findings.js";

/** A client should give up a connection this much earlier than the server does, at least. In milliseconds. */
const MARGIN = 1_000;
/** A server that keeps idle connections for so long keeps them longer than balancers and most clients do. */
const LONG_ENOUGH = 60_000;
/** How long clients keep idle connections by default. */
const UNDICI_DEFAULT = 4_000;
const GO_DEFAULT = 90_000;
const TRUNKLINE_DEFAULT = 55_000;

/** The settings that suit a client of a server that was found to be so. */
export function settingsFor(keepAlive: KeepAlive | undefined, idle: IdleLimit | undefined): Setting[] {
  if (keepAlive?.reused === false) return closesEach();
  const seen = idle?.silentlyDeadAfter ?? idle?.limit ?? Number.POSITIVE_INFINITY;
  const announced = keepAlive?.announced ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(seen, announced);
  if (Number.isFinite(limit)) {
    const verb = announced < seen ? "announces that it closes" : "closes";
    return limited(
      limit,
      idleTimeoutFor(limit),
      `the server ${verb} idle connections after ${seconds(limit)}`,
    );
  }
  if (idle?.aliveAfter === undefined) return [];
  return unlimited(idle.aliveAfter);
}

/** Earlier than the server, by a fifth and at least a second where the limit has room for it. */
function idleTimeoutFor(limit: number): number {
  const earlier = Math.min(limit * 0.8, limit - MARGIN);
  return Math.max(Math.round(earlier), Math.round(limit * 0.5), 1);
}

function limited(limit: number, timeout: number, why: string): Setting[] {
  return [
    {
      client: "trunkline",
      code: timeout < TRUNKLINE_DEFAULT ? `new Transport({ idleTimeout: ${timeout} })` : "new Transport()",
      why:
        timeout < TRUNKLINE_DEFAULT
          ? `${why}; without it, Trunkline learns the limit`
          : "its default of 55 s is shorter",
    },
    {
      client: "undici",
      code: `new Agent({ keepAliveTimeout: ${timeout}, keepAliveMaxTimeout: ${timeout} })`,
      why: timeout > UNDICI_DEFAULT ? "its default of 4 s drops connections earlier than needed" : why,
    },
    { client: "http.Agent", code: `new http.Agent({ keepAlive: true, timeout: ${timeout} })`, why },
    {
      client: "go",
      code:
        timeout < GO_DEFAULT
          ? `&http.Transport{IdleConnTimeout: ${timeout} * time.Millisecond}`
          : "http.DefaultTransport",
      why: timeout < GO_DEFAULT ? why : "its default of 90 s is shorter",
    },
    ...(limit < LONG_ENOUGH
      ? [
          {
            client: "server" as const,
            code: SERVER_IDLE.replaceAll("`", ""),
            why: "if the server is yours",
          },
        ]
      : []),
  ];
}

function unlimited(alive: number): Setting[] {
  const why = `a connection idle for ${seconds(alive)} still worked, and none was closed before that`;
  const timeout = Math.round(alive);
  return [
    {
      client: "trunkline",
      code: timeout >= TRUNKLINE_DEFAULT ? "new Transport()" : `new Transport({ idleTimeout: ${timeout} })`,
      why:
        timeout >= TRUNKLINE_DEFAULT ? "its default of 55 s suits" : `${why}; longer is not known to be safe`,
    },
    {
      client: "undici",
      code: `new Agent({ keepAliveTimeout: ${timeout}, keepAliveMaxTimeout: ${timeout} })`,
      why,
    },
    { client: "http.Agent", code: `new http.Agent({ keepAlive: true, timeout: ${timeout} })`, why },
    { client: "go", code: `&http.Transport{IdleConnTimeout: ${timeout} * time.Millisecond}`, why },
  ];
}

function closesEach(): Setting[] {
  const why =
    "the server closes the connection after each response, so no client setting can keep it; turn on keep-alive in the server";
  return [
    { client: "trunkline", code: "new Transport()", why },
    { client: "undici", code: "new Agent()", why },
    { client: "http.Agent", code: "new http.Agent()", why },
    { client: "go", code: "http.DefaultTransport", why },
  ];
}
