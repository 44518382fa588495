import type { Trace } from "../../trace/index.js";
import { routeName } from "../route/index.js";
import type { Exchange } from "./exchange.js";

// What the transport reports to a call's trace. Each is called only where there is one.

/** The exchange is about to ask the pool. */
export function traceWanted(trace: Trace, exchange: Exchange): void {
  trace.getConnection?.({ origin: exchange.origin, route: routeName(exchange.route?.key ?? "") });
}

/** The pool had no idle connection for it. */
export function traceQueued(trace: Trace, { route }: Exchange): void {
  trace.queued?.({ waiting: route?.counts.waiting ?? 0, dialing: route?.counts.dialing ?? 0 });
}

/** It is assigned, and not yet written. */
export function traceGot(trace: Trace, { member }: Exchange): void {
  if (member === undefined) return;
  const { id, requests, lastIdleFor } = member;
  trace.gotConnection?.({
    connection: id,
    reused: requests > 1 || lastIdleFor > 0,
    ...(lastIdleFor > 0 ? { idleFor: lastIdleFor } : {}),
  });
}

/** The head is handed to the socket as these fields; `whole`: with it the body, if there is one. */
export function traceWritten(
  trace: Trace,
  { outgoing }: Exchange,
  fields: () => Iterable<readonly [string, string]>,
  whole: boolean,
): void {
  if (trace.wroteHeaderField !== undefined) {
    for (const [name, value] of fields()) trace.wroteHeaderField({ name, value });
  }
  trace.wroteHeaders?.();
  if (whole) trace.wroteRequest?.({});
  else if (outgoing.expectWait >= 0) trace.wait100Continue?.();
}

/** It is over on this connection, well or badly: what became of the connection. */
export function traceEnd(trace: Trace, exchange: Exchange, error: unknown): void {
  const { sentOn, headersAt, bytesRead, bodyFailure = error } = exchange;
  if (sentOn !== undefined && exchange.sentAt === 0 && error !== undefined) trace.wroteRequest?.({ error });
  if (headersAt > 0) {
    trace.bodyEnd?.({ bytes: bytesRead, ...(bodyFailure === undefined ? {} : { error: bodyFailure }) });
  }
  if (sentOn === undefined) return;
  const { closedBecause: closed, member } = sentOn;
  if (closed !== undefined) trace.closed?.({ connection: member.id, ...closed });
  else trace.released?.({ connection: member.id, to: heir(member) });
}

function heir({ state, multiplexed }: { state: string; multiplexed: boolean }): "idle" | "waiter" | "others" {
  if (state === "idle") return "idle";
  return multiplexed ? "others" : "waiter";
}
