import type { DialReason } from "../../trace/index.js";
import type { Member } from "./member.js";
import type { PoolRoute } from "./route.js";

/** An exchange waiting for a connection. The transport's exchange extends it; all fields are the pool's. */
export class Waiter<O> {
  /** Where it waits; undefined when it does not. */
  waitingIn: PoolRoute<O> | undefined = undefined;
  /** Its neighbours in the queue. */
  queuePrevious: Waiter<O> | undefined = undefined;
  queueNext: Waiter<O> | undefined = undefined;
  /** Its neighbours among the waiters that count on the same dial, or among those without one. */
  olderBeside: Waiter<O> | undefined = undefined;
  newerBeside: Waiter<O> | undefined = undefined;
  /** Its place in the order of arrival, across all routes. */
  ticket = 0;
  waitingSince = 0;
  /**
   * The dial it counts on, while that is under way: the one started for it, or one whose own waiter was served
   * otherwise and that it took over.
   */
  dial: Member<O> | undefined = undefined;
  /** The dial started for it, while that is under way. */
  started: Member<O> | undefined = undefined;
  /** The connection that it is on, from its assignment to its release. */
  member: Member<O> | undefined = undefined;
  /**
   * Whether it could be sent again if its connection turned out to be dead. One that could not does not take
   * a connection that has been idle for longer than its origin is known to tolerate.
   */
  repeatable = true;
  /** Set where only a new connection will do (the second safe retry, 421). Also the reason recorded for that dial. */
  mustDial: DialReason | undefined = undefined;
  /** The idle connection it left alone because that had been idle for too long for it. */
  skipped: Member<O> | undefined = undefined;
}
