import { plural, seconds } from "../errors/index.js";
import { cutOffDials } from "./find-dials.js";
import type { OriginView } from "./origin-view.js";
import type { Finding } from "./report.js";
import { code, percent, ranked } from "./words.js";

/** Fewer may be chance. */
const REPEATED = 3;

/** The server ends connections that were in use, without an answer. */
export function serverHangsUp(one: OriginView): Finding | undefined {
  const count = one.count("hangUps");
  if (count < REPEATED) return cutShort(one);
  const onNew = one.count("hangUpsOnNew");
  const soon = one.count("hangUpMs") / count;
  return one.finding("server-hangs-up", count, count, {
    severity: count >= one.requests / 10 ? "high" : "medium",
    title: `The server closed ${plural(count, "connection")} without answering the request, ${seconds(soon)} after it was sent`,
    evidence: [
      `${count} of ${plural(one.requests, "request")} got no answer (${percent(count / Math.max(1, one.requests))})`,
      `${onNew} of them on a new connection, ${count - onNew} on one that was in use a moment before, so no idle limit explains it`,
      ...codes(one),
    ],
    remedy: `Check the server's log at that time: the usual causes are a handler that crashes, a process that is killed, or a proxy whose upstream does either. ${
      // A port that speaks TLS ends what does not.
      count >= one.requests && one.facts.origin.startsWith("http:")
        ? "If it is every request, check that this port speaks http:// and not https://"
        : "No client setting helps"
    }`,
    doubt: "A firewall or connection limit that refuses some connections looks the same.",
  });
}

/** The same in the middle of its responses. */
function cutShort(one: OriginView): Finding | undefined {
  const count = one.closed("server-closed-mid-response");
  if (count < REPEATED) return undefined;
  return one.finding("server-hangs-up", count, count, {
    severity: count >= one.requests / 10 ? "high" : "medium",
    title: `The server closed ${plural(count, "connection")} in the middle of a response`,
    evidence: [
      `${count} of ${plural(one.requests, "response")} ended before their body was complete (${percent(count / Math.max(1, one.requests))})`,
      ...codes(one),
    ],
    remedy: `Check the server's log at that time: the usual causes are a handler that fails while it sends, a Content-Length that is larger than the body, or a proxy's limit on time or size. No client setting helps`,
    doubt: "A network that breaks connections looks the same.",
  });
}

/** The program's own time limits cut requests off. */
export function clientTimeouts(one: OriginView): Finding | undefined {
  const count =
    one.count("timeLimits") -
    (networkForgetsIdle(one) === undefined ? 0 : one.count("timeLimitsAfterPause")) -
    cutOffDials(one);
  if (count < REPEATED) return undefined;
  const given = one.count("timeLimitMs") / one.count("timeLimits");
  const dialing = one.count("timeLimitsDialing");
  return one.finding("client-timeouts", count, count, {
    severity: count >= one.requests / 5 ? "high" : count >= one.requests / 20 ? "medium" : "low",
    milliseconds: count * given,
    title: `${count} of ${plural(one.requests + dialing, "request")} were cut off by the client's own time limit, after ${seconds(given)} on average`,
    evidence: [
      "each costs its connection, because HTTP/1.1 can only cancel by closing it",
      ...(dialing > 0 ? [`${dialing} of them had no connection yet`] : []),
      ...codes(one),
    ],
    remedy: `Find out why the server takes longer than ${seconds(given)}, or set ${one.advice.timeLimit(Object.keys(one.facts.failures ?? {}))}`,
    doubt: "It is not known whether the server would have answered later.",
  });
}

/**
 * Something on the way forgets idle connections: what comes first after a pause gets no answer, and nothing says so.
 * A server that ends its connections says so.
 */
export function networkForgetsIdle(one: OriginView): Finding | undefined {
  const count = one.count("timeLimitsAfterPause");
  if (count < 2 || count < one.count("timeLimits") * 0.8) return undefined;
  const { failedAfter } = one.facts.least;
  const fine = one.facts.most.reusedAfter ?? 0;
  if (failedAfter === undefined || fine >= failedAfter) return undefined;
  return one.finding("network-forgets-idle", count, count, {
    severity: "high",
    title: `${plural(count, "request")} on connections idle for ${seconds(failedAfter)} or longer got no answer at all: something on the network path drops idle connections`,
    evidence: [
      `${count} of ${plural(one.count("timeLimits"), "request")} that hit the time limit were the first after a pause`,
      ...(fine > 0 ? [`connections idle for up to ${seconds(fine)} worked`] : []),
      ...codes(one),
    ],
    remedy: `Drop idle connections before the network does: ${one.advice.idleTimeout(Math.max(1, Math.floor(Math.max(fine, failedAfter * 0.5))))}; ${code(`trunkline probe ${one.facts.origin}`)} measures how long they live. If the firewall or NAT is yours, raise its idle timeout`,
    doubt: "A server that stalls at that moment looks the same.",
  });
}

/** The process stood still, and the connections it had were dead afterwards. */
export function processStoodStill(one: OriginView): Finding | undefined {
  const count = one.count("lostStandingStill");
  if (count < 1) return undefined;
  return one.finding("process-stood-still", count, count, {
    severity: one.count("failed") > 0 ? "medium" : "low",
    title: `The process was paused for a while, and ${plural(count, "connection")} ${count === 1 ? "was" : "were"} dead when it resumed`,
    evidence: ["its clock advanced by seconds in which none of its code ran", ...codes(one)],
    remedy:
      "The client is not at fault. If the machine sleeps or the process is paused (serverless, a paused container, SIGSTOP), retry what may be sent twice, or make a new client on waking",
    doubt: "If CPU time is not known, code that keeps the event loop busy for seconds looks the same.",
  });
}

/** The client refuses responses whose head is larger than it takes. */
export function headOverLimit(one: OriginView): Finding | undefined {
  const count = one.count("headsTooLarge");
  if (count < 2) return undefined;
  return one.finding("head-over-limit", count, count, {
    severity: count >= one.requests / 5 ? "high" : "medium",
    title: `The client refused ${plural(count, "response")}: their headers exceed its limit`,
    evidence: codes(one),
    remedy:
      one.facts.client === "node:http"
        ? `If you trust the server, raise the limit: ${code("node --max-http-header-size=65536")}, or ${code("maxHeaderSize: 65536")} on the request (default 16384); and find out which response header grows, often a cookie`
        : `If you trust the server, raise the limit: ${code("new Agent({ maxHeaderSize: 65536 })")}, or ${code("node --max-http-header-size=65536")} for fetch; and find out which response header grows, often a cookie`,
  });
}

export function protocolErrors(one: OriginView): Finding | undefined {
  const count = one.closed("protocol-error");
  if (count < 2) return undefined;
  return one.finding("protocol-errors", count, count, {
    severity: count >= one.requests / 5 ? "high" : "medium",
    title: `${plural(count, "response")} ${count === 1 ? "was" : "were"} not valid HTTP, which cost the connection`,
    evidence: codes(one),
    remedy:
      "The error code says what was wrong (`HPE_…` comes from Node's parser): fix the server, or check that the port speaks HTTP and not TLS or another protocol",
  });
}

/** The program throws its pool away after each request. */
export function poolDestroyed(one: OriginView): Finding | undefined {
  const count = one.redialed("transport-closed");
  if (count < REPEATED || one.owner?.type === "Session") return undefined;
  const { site, lines } = one.sites("pool-destroyed");
  return one.finding("pool-destroyed", count, count, {
    title: `${plural(count, "connection")} closed with their pool and dialed again soon after: the program closes the pool itself`,
    evidence:
      lines.length > 0 ? lines : ["connections were closed by the program's own destroy() or close()"],
    remedy:
      DESTROY[one.facts.client] ??
      `Remove the call that closes the pool after each request (${code("agent.destroy()")}); close it once, when the program ends`,
    ...(site === undefined ? {} : { site }),
  });
}

const DESTROY: Readonly<Record<string, string>> = {
  java: `Remove ${code("disconnect()")} on HttpURLConnection: it closes the connection. Read the stream to its end and close it: ${code("stream.close()")}; the connection is then kept`,
};

/** The server answers before the whole request body is sent, so the connection cannot be kept. */
export function uploadUnfinished(one: OriginView): Finding | undefined {
  const count = one.closed("upload-unfinished");
  if (count < 2) return undefined;
  return one.finding("upload-unfinished", count, count, {
    title: `${plural(count, "upload")} answered before its end: the rest could not be sent, and each cost its connection`,
    evidence: [`${count} of ${plural(one.requests, "request")}`, ...codes(one)],
    remedy:
      one.facts.client === "trunkline"
        ? `Have the server read the whole body before it answers (usually 413 or 401); or ask first, which saves sending the body: ${code("expectContinue: true")}`
        : `Have the server read the whole body before it answers (usually 413 or 401), which keeps the connection; or ask first, which saves sending the body: ${code('headers: { expect: "100-continue" }')} with ${code("node:http")} (write the body on ${code('"continue"')})`,
  });
}

export function listenersLeft(one: OriginView): Finding | undefined {
  const count = one.count("listenerWarnings");
  if (count < 1) return undefined;
  const { site, lines } = one.sites("listeners-left");
  return one.finding("listeners-left", count, 0, {
    severity: "low",
    milliseconds: 0,
    title: `MaxListenersExceededWarning: each request adds listeners to a kept socket and never removes them`,
    evidence: [`${plural(one.count("listenersLeft"), "listener")} on one socket when Node warned`, ...lines],
    remedy: `A kept socket serves many requests. Listen on the request instead (${code('request.once("timeout", …)')}, ${code('request.once("close", …)')}), or remove the listener when the request is over`,
    ...(site === undefined ? {} : { site }),
  });
}

function codes(one: OriginView): string[] {
  const failures = ranked(one.facts.failures ?? {}).slice(0, 3);
  return failures.length === 0
    ? []
    : [`the requests' errors: ${failures.map(([name, count]) => `${name} × ${count}`).join(", ")}`];
}
