import { Socket } from "node:net";

/**
 * Whether a socket is one that an interceptor answers (msw, nock): it has no handle of the system, and nothing that has
 * one lies under it.
 */
export function isMock(socket: unknown): boolean {
  if (typeof socket !== "object" || socket === null) return false;
  const {
    _handle: handle,
    connecting,
    bytesRead,
    remotePort,
    _parent: parent,
    stream,
  } = socket as Record<string, unknown>;
  if (typeof handle === "object" && handle !== null) return connecting !== true && isWrapped(handle);
  if (connecting === true || typeof remotePort === "number") return false;
  if (parent instanceof Socket || stream instanceof Socket) return false;
  // What has read from the system is a socket that has just closed.
  return socket instanceof Socket
    ? Object.getPrototypeOf(socket) !== Socket.prototype && !(Number(bytesRead) > 0)
    : false;
}

/** Whether a socket has something of the system's, which it loses when it closes. */
export function hasHandle(socket: object): boolean {
  const { _handle: handle } = socket as { _handle?: unknown };
  return typeof handle === "object" && handle !== null && !isWrapped(handle);
}

/** Newer interceptors leave the handle, put methods of their own on it, and never open it unless they let a request pass. */
function isWrapped(handle: object): boolean {
  const { fd } = handle as { fd?: unknown };
  return (
    !(typeof fd === "number" && fd >= 0) &&
    ["connect", "getpeername"].some((name) => Object.hasOwn(handle, name))
  );
}

/** The path of the Unix socket or pipe that options name. */
export function namesSocketPath(options: unknown): string | undefined {
  const { socketPath } = (options ?? {}) as { socketPath?: unknown };
  return typeof socketPath === "string" && socketPath !== "" ? socketPath : undefined;
}
