import type { Case } from "./case.js";
import type { Finding } from "./report.js";
import { code, percent, plural, ranked, seconds } from "./words.js";

/** Fewer may be chance. */
const REPEATED = 3;

/** The server ends connections that were in use, without an answer. */
export function serverHangsUp(one: Case): Finding | undefined {
  const count = one.count("hangUps");
  if (count < REPEATED) return undefined;
  const onNew = one.count("hangUpsOnNew");
  const soon = one.count("hangUpMs") / count;
  return one.finding("server-hangs-up", count, count, {
    severity: count >= one.requests / 10 ? "high" : "medium",
    title: `The server ended ${plural(count, "connection")} without answering the request on it, ${seconds(soon)} after it was sent`,
    evidence: [
      `${count} of ${plural(one.requests, "request")} got no answer (${percent(count / Math.max(1, one.requests))})`,
      `${onNew} of them on a new connection, ${count - onNew} on one that was in use a moment before: no idle limit explains that`,
      ...codes(one),
    ],
    remedy: `Look at the server's log at that time: what ends a connection without a word is a handler that crashes, a process that is killed, or a proxy whose upstream does so. No setting of the client helps`,
    doubt: "A firewall or a limit on connections that refuses some of them looks alike.",
  });
}

/** The program's own time limits cut requests off. */
export function clientTimeouts(one: Case): Finding | undefined {
  const count =
    one.count("timeLimits") - (networkForgetsIdle(one) === undefined ? 0 : one.count("timeLimitsAfterPause"));
  if (count < REPEATED) return undefined;
  const given = one.count("timeLimitMs") / one.count("timeLimits");
  return one.finding("client-timeouts", count, count, {
    severity: count >= one.requests / 5 ? "high" : count >= one.requests / 20 ? "medium" : "low",
    milliseconds: count * given,
    title: `${count} of ${plural(one.requests, "request")} were cut off by the client's own time limit, after ${seconds(given)} on average`,
    evidence: [`each costs its connection, as HTTP/1.1 can only cancel by closing`, ...codes(one)],
    remedy: `Find out why the server takes longer than ${seconds(given)}, or set ${one.advice.timeLimit()}`,
    doubt: "Whether the server would have answered later is not known.",
  });
}

/**
 * Something on the way forgets idle connections: what comes first after a pause gets no answer, and nothing says so.
 * A server that ends its connections says so.
 */
export function networkForgetsIdle(one: Case): Finding | undefined {
  const count = one.count("timeLimitsAfterPause");
  if (count < 2 || count < one.count("timeLimits") * 0.8) return undefined;
  const { failedAfter } = one.facts.least;
  const fine = one.facts.most.reusedAfter ?? 0;
  if (failedAfter === undefined || fine >= failedAfter) return undefined;
  return one.finding("network-forgets-idle", count, count, {
    severity: "high",
    title: `${plural(count, "request")} on connections idle for ${seconds(failedAfter)} or longer got no answer at all: something on the way forgets idle connections`,
    evidence: [
      `${count} of ${plural(one.count("timeLimits"), "request")} that ran into the time limit came first after a pause`,
      ...(fine > 0 ? [`connections idle for up to ${seconds(fine)} were used without trouble`] : []),
      ...codes(one),
    ],
    remedy: `Drop idle connections before the network does: ${one.advice.idleTimeout(Math.max(1, Math.floor(Math.max(fine, failedAfter * 0.5))))}; ${code(`trunkline probe ${one.facts.origin}`)} finds how long they live. Where the firewall or NAT is yours, raise its idle timeout`,
    doubt: "A server that stands still just then looks alike.",
  });
}

/** The process stood still, and the connections it had were dead afterwards. */
export function processStoodStill(one: Case): Finding | undefined {
  const count = one.count("lostStandingStill");
  if (count < 1) return undefined;
  return one.finding("process-stood-still", count, count, {
    severity: one.count("failed") > 0 ? "medium" : "low",
    title: `The process stood still for a while, and ${plural(count, "connection")} ${count === 1 ? "was" : "were"} dead when it went on`,
    evidence: ["its clock went on by seconds in which nothing of it ran", ...codes(one)],
    remedy:
      "Nothing of the client is wrong. Where the machine sleeps or the process is stopped (serverless, a paused container, SIGSTOP), send again what may be sent twice, or make the client anew on waking",
    doubt:
      "Code that keeps the event loop busy for seconds looks alike, where the time it used is not known.",
  });
}

/** The client refuses responses whose head is larger than it takes. */
export function headOverLimit(one: Case): Finding | undefined {
  const count = one.count("headsTooLarge");
  if (count < 2) return undefined;
  return one.finding("head-over-limit", count, count, {
    severity: count >= one.requests / 5 ? "high" : "medium",
    title: `The client refused ${plural(count, "response")}: their headers are larger than its limit`,
    evidence: codes(one),
    remedy:
      one.facts.client === "node:http"
        ? `Raise the limit where the server is trusted: ${code("node --max-http-header-size=65536")}, or ${code("maxHeaderSize: 65536")} of the request (default 16384); and see which header of the server grows, often a cookie`
        : `Raise the limit where the server is trusted: ${code("new Agent({ maxHeaderSize: 65536 })")}, or ${code("node --max-http-header-size=65536")} for fetch; and see which header of the server grows, often a cookie`,
  });
}

export function protocolErrors(one: Case): Finding | undefined {
  const count = one.closed("protocol-error");
  if (count < 2) return undefined;
  return one.finding("protocol-errors", count, count, {
    severity: count >= one.requests / 5 ? "high" : "medium",
    title: `${plural(count, "response")} ${count === 1 ? "was" : "were"} no valid HTTP, and cost the connection`,
    evidence: codes(one),
    remedy:
      "The error's code names what was wrong (`HPE_…` of Node's parser): mend the server, or check that the port speaks HTTP and not TLS or another protocol",
  });
}

/** The program throws its pool away after each request. */
export function poolDestroyed(one: Case): Finding | undefined {
  const count = one.redialed("transport-closed");
  if (count < REPEATED || one.owner?.type === "Session") return undefined;
  const { site, lines } = one.sites("pool-destroyed");
  return one.finding("pool-destroyed", count, count, {
    title: `${plural(count, "connection")} thrown away with the pool and dialed again soon after: the program ends it itself`,
    evidence: lines.length > 0 ? lines : ["connections were closed by the client's own destroy() or close()"],
    remedy:
      DESTROY[one.facts.client] ??
      `Leave out the call that ends the pool after each request (${code("agent.destroy()")}); once, when the program ends, is enough`,
    ...(site === undefined ? {} : { site }),
  });
}

const DESTROY: Readonly<Record<string, string>> = {
  java: `Leave out ${code("disconnect()")} of HttpURLConnection: it closes the connection. Read the stream to its end and close it: ${code("stream.close()")}; the connection is kept then`,
};

/** The server answers before the request's body is whole, so the connection cannot be kept. */
export function uploadUnfinished(one: Case): Finding | undefined {
  const count = one.closed("upload-unfinished");
  if (count < 2) return undefined;
  return one.finding("upload-unfinished", count, count, {
    title: `${plural(count, "upload")} answered before the end: the rest could not be sent, and each cost its connection`,
    evidence: [`${count} of ${plural(one.requests, "request")}`, ...codes(one)],
    remedy:
      one.facts.client === "trunkline"
        ? `Ask first: ${code("expectContinue: true")}; or let the server read the body to its end before it answers`
        : `Ask the server before the body is sent: ${code('headers: { expect: "100-continue" }')} with ${code("node:http")} (write the body on ${code('"continue"')}); or let the server read the body to its end before it answers (413 and 401 are the usual ones)`,
  });
}

export function listenersLeft(one: Case): Finding | undefined {
  const count = one.count("listenerWarnings");
  if (count < 1) return undefined;
  const { site, lines } = one.sites("listeners-left");
  return one.finding("listeners-left", count, 0, {
    severity: "low",
    milliseconds: 0,
    title: `MaxListenersExceededWarning: listeners are put on a kept socket for each request and never taken off`,
    evidence: [`${plural(one.count("listenersLeft"), "listener")} on one socket when Node warned`, ...lines],
    remedy: `A kept socket serves many requests. Listen on the request instead (${code('request.once("timeout", …)')}, ${code('request.once("close", …)')}), or take the listener off when the request is over`,
    ...(site === undefined ? {} : { site }),
  });
}

function codes(one: Case): string[] {
  const failures = ranked(one.facts.failures ?? {}).slice(0, 3);
  return failures.length === 0
    ? []
    : [`the requests' errors: ${failures.map(([name, count]) => `${name} × ${count}`).join(", ")}`];
}
