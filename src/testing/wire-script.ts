import type { Gate } from "./gate.js";
import type { DripOptions, Expected, ExtraHeaders, WireConnection } from "./wire-connection.js";

/** One step of a script written as data, named after a method of {@link WireConnection}. */
export type WireStep =
  | "readRequest"
  | "end"
  | "halfClose"
  | "reset"
  | "stall"
  | "pause"
  | "resume"
  | { readonly expect: Expected }
  | { readonly reply: string | Uint8Array }
  | { readonly replyOk: string | Uint8Array; readonly headers?: ExtraHeaders }
  | ({ readonly drip: string | Uint8Array } & DripOptions)
  | { readonly wait: Gate | Promise<unknown> }
  | { readonly repeat: readonly WireStep[]; readonly times?: number };

/** What a connection does: a function that drives it, or steps. */
export type WireScript = ((connection: WireConnection) => Promise<void> | void) | readonly WireStep[];

const runStep = async (connection: WireConnection, step: WireStep): Promise<void> => {
  if (typeof step === "string") await connection[step]();
  else if ("expect" in step) await connection.expect(step.expect);
  else if ("reply" in step) await connection.reply(step.reply);
  else if ("replyOk" in step) await connection.replyOk(step.replyOk, step.headers);
  else if ("drip" in step) await connection.drip(step.drip, step);
  else if ("wait" in step) await ("promise" in step.wait ? step.wait.promise : step.wait);
  else {
    const { repeat, times = Number.POSITIVE_INFINITY } = step;
    for (let count = 0; count < times; count += 1) await runSteps(connection, repeat);
  }
};

const runSteps = async (connection: WireConnection, steps: readonly WireStep[]): Promise<void> => {
  for (const step of steps) await runStep(connection, step);
};

export const runScript = async (connection: WireConnection, script: WireScript): Promise<void> => {
  if (typeof script === "function") await script(connection);
  else await runSteps(connection, script);
};

/** A script that answers each request with status 200 and the body `ok`; the default of a `WireServer`. */
export const answerEach: WireScript = [{ repeat: ["readRequest", { replyOk: "ok" }] }];

/** A script that does nothing, so that the test itself drives the connection from `server.connection(n)`. */
export const byHand: WireScript = async (connection) => {
  await connection.closed;
};
