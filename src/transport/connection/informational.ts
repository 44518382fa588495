import { headersFromBlock } from "../../message/index.js";
import type { Exchange, IncomingHead } from "../exchange/index.js";

/** Tells the request's `onInformational` of the 1xx head, in the context of its call. */
export function reportInformational(exchange: Exchange, head: IncomingHead): void {
  exchange.answered = true;
  const { trace } = exchange;
  const listener = exchange.request.onInformational;
  if (listener === undefined && trace === undefined) return;
  const { status } = head;
  const headers = headersFromBlock(head.block, head.headersStart);
  if (status === 100) trace?.got100Continue?.();
  trace?.got1xxResponse?.({ status, headers: [...headers] });
  if (listener === undefined) return;
  const call = (): void => listener(status, headers);
  try {
    if (exchange.runInContext === undefined) call();
    else exchange.runInContext(call);
  } catch (error) {
    // A listener that throws is its owner's affair; it surfaces, in a turn of its own.
    queueMicrotask(() => {
      throw error;
    });
  }
}
