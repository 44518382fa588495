import { channel } from "node:diagnostics_channel";
import type { ConnectionRecord, Decision, ExchangeRecord } from "./records.js";

/**
 * Trunkline's `node:diagnostics_channel` channels and their messages. Both are stable API. A message is made only when
 * the channel has a subscriber.
 */
export interface ChannelMessages {
  /** A connection has opened. */
  readonly "trunkline:connection:open": ConnectionRecord;
  /** A connection has closed, or a dial has failed or was cancelled. */
  readonly "trunkline:connection:close": ConnectionRecord;
  /** An exchange has ended, its body included. */
  readonly "trunkline:exchange:end": ExchangeRecord;
  /** Why an exchange did not get an idle connection at once, and what it got; published again when its dial is settled. */
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
