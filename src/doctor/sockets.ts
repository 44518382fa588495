import type { Socket } from "node:net";
import { codeOrName } from "../errors/index.js";
import type { CloseReason } from "../trace/index.js";
import type { Ledger } from "./ledger.js";
import { binding, redefine } from "./patch.js";
import { frames, hasFrame } from "./stack.js";
import type { Watched } from "./watched.js";

/** Decides why a connection closes, in the call that destroys its socket. */
type Ending = (
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
  read: number,
) => CloseReason;

/** What libuv says of the last read: the end of the stream. */
export const READ_END = -4095;

/** The result of the last read of a stream, the only sign of why Node drops an idle socket. */
const lastRead: () => number = lastReadOf();

function lastReadOf(): () => number {
  const state = binding<{ streamBaseState?: Int32Array }>("stream_wrap")?.streamBaseState;
  return state === undefined ? () => 0 : () => state[0] ?? 0;
}

/** Notes how the socket of a dial gets connected. */
export function watchDial(ledger: Ledger, connection: Watched, socket: Socket): void {
  const { times } = connection;
  connection.socket = socket;
  const { encrypted, secureConnecting } = socket as { encrypted?: boolean; secureConnecting?: boolean };
  if (socket.connecting) {
    socket.once("lookup", () => {
      times.lookedUpAt = ledger.now();
    });
    socket.once("connect", () => {
      times.connectedAt = ledger.now();
    });
  } else if (secureConnecting === true) {
    times.connectedAt = ledger.now();
  }
  if (encrypted === true && secureConnecting === true) {
    socket.once("secureConnect", () => {
      times.securedAt = ledger.now();
      times.resumed = (socket as { isSessionReused?: () => boolean }).isSessionReused?.() === true;
    });
  }
}

/** Whether the socket can be written to: connected, and secure where it is to be. */
export function isReady(socket: Socket): boolean {
  return !socket.connecting && (socket as { secureConnecting?: boolean }).secureConnecting !== true;
}

/** Sees the end of a socket in the call that ends it: only there is known who did it and why. */
export function watchEnd(
  ledger: Ledger,
  connection: Watched,
  socket: Socket,
  ending: Ending,
  over: () => void,
): void {
  const original = socket.destroy;
  const destroy = function destroy(this: Socket, ...args: Parameters<Socket["destroy"]>): Socket {
    if (!connection.closed && !socket.destroyed) {
      try {
        const error = args[0] ?? socket.errored ?? undefined;
        const read = lastRead();
        if (connection.established)
          ledger.closes(connection, ending(connection, error, frames(destroy), read));
        else dialEnds(ledger, connection, error, frames(destroy));
        over();
      } catch {
        // What cannot be explained must not hurt the program.
      }
    }
    return original.apply(this, args);
  };
  redefine(socket, "destroy", destroy);
}

/** A dial ends before there is a connection: because it failed, or because the program wants it no more. */
function dialEnds(
  ledger: Ledger,
  connection: Watched,
  error: unknown,
  sites: readonly NodeJS.CallSite[],
): void {
  const code = codeOrName(error);
  const byProgram =
    error === undefined || code === "ABORT_ERR" || hasFrame(sites, "node:_http_client", /destroy|abort/i);
  if (!byProgram) ledger.failed(connection, code ?? "ERROR");
  else if (isTimeout(error) || isByTimer(sites) || isTimeLimit(error)) ledger.cutOff(connection);
  else ledger.givenUp(connection);
}

/** Whether an error says that time ran out, as AbortSignal.timeout and the clients' own timers do. */
export function isTimeout(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown };
  if (name === "TimeoutError" || code === "ETIMEDOUT" || code === "ESOCKETTIMEDOUT") return true;
  if (typeof code === "string" && /^UND_ERR_.*TIMEOUT$/.test(code)) return true;
  return cause !== error && cause !== undefined && isTimeout(cause);
}

/** Whether a timer's end is what ends it: a time limit, whoever set it. What only goes on after a pause is none. */
export function isByTimer(sites: readonly NodeJS.CallSite[]): boolean {
  for (const site of sites) {
    const file = site.getFileName();
    if (file === "node:internal/process/task_queues") return false;
    if (
      file === "node:internal/timers" &&
      /^(?:listOnTimeout|processTimers)$/.test(site.getFunctionName() ?? "")
    )
      return true;
  }
  return false;
}

/** Whether an error of a client library says that its time limit was reached. */
export function isTimeLimit(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return (
    code === "ECONNABORTED" || (typeof message === "string" && /\btime(?:d\s?-?out|out)\b/i.test(message))
  );
}
