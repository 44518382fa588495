import { codeName, Http2Session, type SessionEffects } from "../http2/index.js";
import type { Target } from "../observe/index.js";
import type { Http2Health } from "./findings.js";
import type { ProbeConnection } from "./probe-connection.js";

/** Milliseconds for SETTINGS, a response and the answer to a PING, each. */
const PATIENCE = 10_000;
const MAX_HEADER_BYTES = 1_048_576;

interface Heard {
  settings: boolean;
  status: number | undefined;
  answered: boolean;
  ping: number | undefined;
  goAway: { code: number; lastStream: number; debug: string } | undefined;
  failed: string | undefined;
}

/**
 * What a server's HTTP/2 is like: what it says of itself, a request, a PING, and what it says when it ends the connection
 * because nobody uses it, if that is within `wait` milliseconds.
 *
 * @param connection one on which TLS agreed on HTTP/2, fresh.
 */
export async function probeHttp2(
  connection: ProbeConnection,
  target: Target,
  path: string,
  { wait, signal }: { readonly wait: number; readonly signal?: AbortSignal },
): Promise<Http2Health> {
  const heard: Heard = {
    settings: false,
    status: undefined,
    answered: false,
    ping: undefined,
    goAway: undefined,
    failed: undefined,
  };
  let changed = (): void => {};
  const note =
    <Args extends unknown[]>(act: (...args: Args) => void) =>
    (...args: Args): void => {
      act(...args);
      changed();
    };
  const flush = (): void => {
    for (const chunk of session.takeOutput(performance.now(), Number.POSITIVE_INFINITY))
      connection.write(chunk);
  };
  const effects: SessionEffects<undefined> = {
    needsFlush: () => queueMicrotask(flush),
    informational: () => {},
    headers: (_stream, head) => {
      heard.status = head.status;
    },
    data: (stream, _buffer, start, end) => session.consumed(stream, end - start, performance.now()),
    trailers: () => {},
    ended: note(() => {
      heard.answered = true;
    }),
    failed: note((_stream, failure) => {
      heard.failed ??= failure.error.message;
    }),
    closed: () => {},
    writable: () => {},
    settings: note(() => {
      heard.settings = true;
    }),
    goAway: note((lastStream, code, debug) => {
      heard.goAway ??= { code, lastStream, debug };
    }),
    pong: note((roundTrip) => {
      heard.ping ??= roundTrip;
    }),
    connectionFailed: note((error) => {
      heard.failed ??= error.message;
    }),
  };
  const session: Http2Session<undefined> = new Http2Session(effects, { maxHeaderBytes: MAX_HEADER_BYTES });
  connection.listen({
    data: (chunk) => session.received(chunk, 0, chunk.length, performance.now()),
    end: note(() => {}),
  });
  // Ctrl-C ends the waiting, with what is known by then.
  signal?.addEventListener("abort", () => changed(), { once: true });
  const ended = (): boolean =>
    signal?.aborted === true || connection.endedAt !== undefined || heard.failed !== undefined;
  const until = (holds: () => boolean, milliseconds: number): Promise<boolean> =>
    new Promise((resolve) => {
      const done = (held: boolean): void => {
        clearTimeout(timer);
        changed = () => {};
        resolve(held);
      };
      const timer = setTimeout(() => done(holds()), milliseconds);
      changed = () => {
        if (holds()) done(true);
        else if (ended()) done(false);
      };
      changed();
    });

  const started = performance.now();
  session.open(
    undefined,
    {
      method: "GET",
      scheme: "https",
      authority: target.authority,
      path,
      fields: ["user-agent", "trunkline-probe", "accept", "*/*"],
      contentLength: -1,
    },
    true,
  );
  flush();
  const said = await until(() => heard.settings, PATIENCE);
  const settingsAfter = performance.now() - started;
  await until(() => heard.answered, PATIENCE);
  if (!ended()) session.ping(performance.now());
  flush();
  await until(() => heard.ping !== undefined, PATIENCE);
  const idleSince = performance.now();
  if (wait > 0 && !ended())
    await until(() => heard.goAway !== undefined || connection.endedAt !== undefined, wait);
  const age = Math.round(performance.now() - idleSince);
  const { goAway } = heard;
  // A GOAWAY and an end come together, or one shortly after the other.
  const over = goAway !== undefined || connection.endedAt !== undefined;
  const { peer } = session;
  return {
    ...(said
      ? {
          settingsAfter,
          settings: {
            ...(Number.isFinite(peer.maxConcurrentStreams)
              ? { maxConcurrentStreams: peer.maxConcurrentStreams }
              : {}),
            initialWindowSize: peer.initialWindowSize,
            maxFrameSize: peer.maxFrameSize,
            ...(Number.isFinite(peer.maxHeaderListSize) ? { maxHeaderListSize: peer.maxHeaderListSize } : {}),
            headerTableSize: peer.headerTableSize,
            extendedConnect: peer.connectProtocol,
          },
        }
      : {}),
    ...(heard.status === undefined ? {} : { status: heard.status }),
    ...(heard.ping === undefined ? {} : { ping: heard.ping }),
    ...(heard.failed === undefined ? {} : { error: heard.failed }),
    ...(over ? { idleEnd: { after: age, goAway: goAway !== undefined } } : {}),
    ...(goAway === undefined
      ? {}
      : { goAway: { code: codeName(goAway.code), lastStream: goAway.lastStream, debug: goAway.debug } }),
    waited: age,
  };
}
