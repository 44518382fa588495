import type { Runtime } from "../runtime/index.js";
import { runtimeOption, type TransportOptions } from "../transport/index.js";

/**
 * Returns options for a transport that takes its clock, timers, names and connections from `runtime`:
 * `new Transport(onRuntime(new FakeRuntime(), { idleTimeout: 1000 }))`.
 */
export const onRuntime = (runtime: Runtime, options: TransportOptions = {}): TransportOptions => {
  const withRuntime: TransportOptions & { [runtimeOption]: Runtime } = {
    ...options,
    [runtimeOption]: runtime,
  };
  return withRuntime;
};
