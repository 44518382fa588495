import type { Response } from "../../message/index.js";

/** What Node's `performance` takes from a fetch; it is in no types. */
interface ResourceTimeline {
  markResourceTiming?: (
    timing: Readonly<Record<string, unknown>>,
    url: string,
    initiator: string,
    global: object,
    cache: string,
    body: object,
    status: number,
    delivery: string,
  ) => void;
}

/** The clock of the entries. */
export function timelineNow(): number {
  return performance.now();
}

/**
 * Puts a `PerformanceResourceTiming` entry on the timeline, as fetch does when the last byte of a body is in (Fetch
 * §2.1 "finalize and report timing"). The times are those of the last exchange.
 */
export function markResource(url: string, response: Response, started: number, bytes: number): void {
  resourceMark(url, response, started)(bytes);
}

/** The same in two steps: the function that is returned does it, and does not hold the response. */
export function resourceMark(url: string, response: Response, started: number): (bytes: number) => void {
  const timeline = performance as ResourceTimeline;
  if (typeof timeline.markResourceTiming !== "function") return () => undefined;
  const { queued, dns = 0, connect = 0, tls = 0, sent, waiting } = response.timings;
  const { status, redirected } = response;
  const { protocol } = response.connection;
  return (bytes) => {
    const asked = started + queued;
    const answered = asked + sent + waiting;
    const opened = asked - connect - tls;
    const timing = {
      startTime: started,
      redirectStartTime: redirected ? started : 0,
      redirectEndTime: redirected ? started : 0,
      postRedirectStartTime: started,
      finalServiceWorkerStartTime: 0,
      finalNetworkRequestStartTime: asked,
      finalNetworkResponseStartTime: answered,
      endTime: Math.max(answered, timelineNow()),
      encodedBodySize: bytes,
      decodedBodySize: bytes,
      finalConnectionTimingInfo: {
        domainLookupStartTime: opened - dns,
        domainLookupEndTime: opened,
        connectionStartTime: opened,
        connectionEndTime: asked,
        secureConnectionStartTime: tls === 0 ? 0 : asked - tls,
        ALPNNegotiatedProtocol: protocol,
      },
    };
    const body = { encodedBodySize: bytes, decodedBodySize: bytes };
    timeline.markResourceTiming?.(timing, url, "fetch", globalThis, "", body, status, "");
  };
}
