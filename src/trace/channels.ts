import { channel } from "node:diagnostics_channel";
import type { ConnectionRecord, Decision, ExchangeRecord } from "./records.js";

/**
 * The `node:diagnostics_channel` names of Trunkline and what each message is. Stable API, as the reasons are. A
 * message is made only when somebody has subscribed.
 */
export interface ChannelMessages {
  /** A connection is open. */
  readonly "trunkline:connection:open": ConnectionRecord;
  /** A connection has ended, or a dial has failed or was abandoned. */
  readonly "trunkline:connection:close": ConnectionRecord;
  /** An exchange is over, its body included. */
  readonly "trunkline:exchange:end": ExchangeRecord;
  /** An exchange did not get an idle connection at once: why, and what it got; again when more is known of its dial. */
  readonly "trunkline:decision": Decision;
}

interface TypedChannel<T> {
  readonly hasSubscribers: boolean;
  publish(message: T): void;
}

function typed<N extends keyof ChannelMessages>(name: N): TypedChannel<ChannelMessages[N]> {
  return channel(name);
}

export const connectionOpen: TypedChannel<ConnectionRecord> = typed("trunkline:connection:open");
export const connectionClose: TypedChannel<ConnectionRecord> = typed("trunkline:connection:close");
export const exchangeEnd: TypedChannel<ExchangeRecord> = typed("trunkline:exchange:end");
export const decisionMade: TypedChannel<Decision> = typed("trunkline:decision");
