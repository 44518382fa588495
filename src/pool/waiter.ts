import type { DialReason } from "../trace/index.js";
import type { Member } from "./member.js";
import type { PoolRoute } from "./route.js";

/** An exchange waiting for a connection. The transport's exchange extends it; all fields are the pool's. */
export class Waiter<O> {
  /** Where it waits; undefined when it does not. */
  waitingIn: PoolRoute<O> | undefined = undefined;
  /** Its neighbours in the queue. */
  queuePrevious: Waiter<O> | undefined = undefined;
  queueNext: Waiter<O> | undefined = undefined;
  waitingSince = 0;
  /** The dial started for it, while that is under way. */
  dial: Member<O> | undefined = undefined;
  /** What it was given. */
  member: Member<O> | undefined = undefined;
  /**
   * Whether it could be sent again if its connection turned out to be dead. One that could not does not take
   * a connection that has been idle for longer than its origin is known to tolerate.
   */
  retriable = true;
  /** Set for the second safe retry: take no idle connection, dial. Also the reason recorded for that dial. */
  mustDial: DialReason | undefined = undefined;
}
