import { nodeRuntime, type Runtime } from "../runtime/index.js";
import { type ExchangeOptions, type RoundTripper, Transport } from "../transport/index.js";
import { ACCEPT_ENCODING } from "./decode/index.js";
import type { Policy } from "./policy.js";

/** One call on its way: its policy, its time, and how many exchanges it took so far. */
export class CallState {
  readonly policy: Policy;
  readonly transport: RoundTripper;
  /** The transport when it is ours. */
  readonly direct: Transport | undefined;
  readonly runtime: Runtime;
  /** When the call must be over, in the runtime's milliseconds; `Infinity` for never. */
  readonly deadline: number;
  readonly exchangeOptions: ExchangeOptions;
  /** Exchanges so far. */
  attempts = 0;

  constructor(policy: Policy, transport: RoundTripper, deadline: number) {
    this.policy = policy;
    this.transport = transport;
    this.direct = transport instanceof Transport ? transport : undefined;
    this.runtime = runtimeOf(this.direct);
    this.deadline = deadline;
    this.exchangeOptions = {
      fresh: false,
      deadline,
      timeout: policy.timeout,
      acceptEncoding: policy.decompress === undefined ? undefined : ACCEPT_ENCODING,
    };
  }

  /** A call that starts now. */
  static begin(policy: Policy, transport: RoundTripper): CallState {
    const runtime = runtimeOf(transport instanceof Transport ? transport : undefined);
    return new CallState(policy, transport, runtime.now() + policy.timeout);
  }
}

function runtimeOf(direct: Transport | undefined): Runtime {
  return direct?.runtime ?? nodeRuntime;
}
