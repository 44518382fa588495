import { Duplex } from "node:stream";
import type { NetworkError } from "../../errors/index.js";
import { customDialError } from "./connect-errors.js";
import { destroyQuietly } from "./connect-race.js";
import type { DialRequest, DialSettings } from "./contract.js";
import { messageOf } from "./outcome.js";

export interface CustomDialHandlers {
  opened(stream: Duplex): void;
  failed(error: NetworkError): void;
}

/**
 * Calls the option `dial`. Returns how to give up on it: its signal aborts, and a stream that comes all the
 * same is destroyed.
 */
export function callCustomDial(
  dial: NonNullable<DialSettings["dial"]>,
  target: DialRequest,
  handlers: CustomDialHandlers,
): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const opened = (stream: unknown): void => {
    if (!(stream instanceof Duplex)) {
      if (!signal.aborted) handlers.failed(customDialError(target, "it did not return a Duplex stream"));
    } else if (signal.aborted) {
      destroyQuietly(stream);
    } else if (stream.destroyed) {
      handlers.failed(customDialError(target, "it returned a stream that is destroyed already"));
    } else {
      handlers.opened(stream);
    }
  };
  const failed = (error: unknown): void => {
    if (!signal.aborted) handlers.failed(customDialError(target, messageOf(error), error));
  };
  // An async function, so that a `dial` that throws at once is a rejection too. What `done` throws must not be
  // taken for a failure of `dial`, so it surfaces from a turn of its own.
  (async () => dial({ ...target, signal }))().then(
    (stream: unknown) => process.nextTick(opened, stream),
    (error: unknown) => process.nextTick(failed, error),
  );
  return () => abort.abort();
}
