import { setImmediate as turn } from "node:timers/promises";
import { CommandFailure } from "../exit.js";
import type { Scenario, ScenarioResult } from "./scenario.js";
import type { ServerHost } from "./server-host.js";

/**
 * Runs one scenario on a server of its own. Resolves to `undefined` when interrupted before its end: half a
 * scenario would be compared with whole ones.
 */
export async function measure(
  scenario: Scenario,
  host: ServerHost,
  interrupted: AbortSignal,
): Promise<ScenarioResult | undefined> {
  const { name, client, concurrency, requests } = scenario;
  const server = await host.open();
  const session = scenario.prepare(server.origin);
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < requests && !interrupted.aborted) {
      sent++;
      await session.send();
      // Each task begins in a turn of its own, as a goroutine or a job from a queue does. Without it the next request
      // would take the connection before it counts as idle, and an idle cap would look harmless.
      await turn();
    }
  };
  try {
    const started = performance.now();
    await Promise.all(Array.from({ length: concurrency }, worker));
    const milliseconds = Math.round((performance.now() - started) * 10) / 10;
    if (interrupted.aborted) return undefined;
    const counted = await server.count();
    const reasons = session.reasons();
    if (counted.requests !== requests) {
      throw new Error(`the server got ${counted.requests} requests of ${requests}`);
    }
    return { name, client, concurrency, requests, connections: counted.connections, milliseconds, reasons };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`the scenario "${name}" with ${concurrency} at once failed: ${why}`);
  } finally {
    session.end();
    await server.close();
  }
}
