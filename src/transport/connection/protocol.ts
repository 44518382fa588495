import { NetworkError } from "../../errors/index.js";
import { ASSUMED_STREAMS } from "../../pool/index.js";
import type { DialResult } from "../dial/index.js";
import type { Http2Settings } from "../http2-options.js";
import type { Route } from "../route/index.js";
import type { Connection } from "./connection.js";
import { Http1Connection } from "./http1-connection.js";
import type { Http2Host } from "./http2-host.js";
import { type Http2Code, loadedHttp2, loadHttp2, notLoaded } from "./http2-loading.js";

/**
 * Gives an open connection its protocol: what the TLS handshake agreed on, else what the program knows of the server.
 * Then calls `ready`, with the error of a connection that cannot be used: at once, but where the code of HTTP/2 is still
 * being loaded, and not at all where the connection is closed meanwhile.
 */
export function speak(
  connection: Connection,
  result: DialResult,
  route: Route,
  http2: Http2Settings | undefined,
  host: Http2Host,
  ready: (refusal: NetworkError | undefined) => void,
): void {
  const known =
    http2?.priorKnowledge === true && !route.secure && !route.forwards && route.http1Only !== true;
  if (result.alpn !== "h2" && !known) {
    connection.opened(result, new Http1Connection(connection, host));
    ready(undefined);
    return;
  }
  const refusal = http2 === undefined ? offeredInVain(route) : tooWeak(result, route);
  if (http2 === undefined || refusal !== undefined) {
    ready(refusal);
    return;
  }
  const start = ({ Http2Connection }: Http2Code): void => {
    connection.dialed = result;
    const remembered = connection.member.route.limit;
    const { pingFactor = 1 } = route;
    const settings = pingFactor === 1 ? http2 : { ...http2, pingFactor };
    const carrier = new Http2Connection(connection, host, settings, remembered ?? ASSUMED_STREAMS);
    connection.opened(result, carrier);
    carrier.start();
    ready(undefined);
  };
  const code = loadedHttp2();
  if (code !== undefined) {
    start(code);
    return;
  }
  connection.awaitsCarrier(result);
  loadHttp2().then(
    (loaded) => {
      if (connection.closedBecause !== undefined) return;
      start(loaded);
      connection.tellEarly();
    },
    (error: unknown) => {
      if (connection.closedBecause === undefined) ready(notLoaded(route.origin, error));
    },
  );
}

function offeredInVain({ origin }: Route): NetworkError {
  return new NetworkError(
    `The server at ${origin} chose HTTP/2, which tls.ALPNProtocols offers and http2: false turns off; remove "h2" from tls.ALPNProtocols, or remove http2: false`,
    { code: "ERR_TRUNKLINE_PROTOCOL", phase: "tls", url: origin },
  );
}

/** Suites of TLS 1.2 that RFC 9113 §9.2.2 allows: with ephemeral keys and authenticated encryption. */
const STRONG = /^(?:ECDHE|DHE)-.*(?:GCM|CCM|CHACHA20)/;

/** TLS that RFC 9113 §9.2 forbids under HTTP/2. */
function tooWeak({ tlsInfo }: DialResult, { origin }: Route): NetworkError | undefined {
  if (tlsInfo === undefined || tlsInfo.version === "TLSv1.3") return undefined;
  if (tlsInfo.version === "TLSv1.2" && STRONG.test(tlsInfo.cipher)) return undefined;
  return new NetworkError(
    `The server at ${origin} negotiated HTTP/2 over ${tlsInfo.version} with ${tlsInfo.cipher}, which RFC 9113 section 9.2 forbids; fix the server, or set http2: false`,
    { code: "ERR_TRUNKLINE_TLS", phase: "tls", url: origin },
  );
}
