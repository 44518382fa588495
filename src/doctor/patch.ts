import { subscribe } from "node:diagnostics_channel";

/** The function, but for what it throws: what cannot be watched must not hurt the program. */
export function guarded<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return act(...args);
    } catch {
      return undefined;
    }
  };
}

/** Listens to a diagnostics channel whose messages have this form, in this version of whoever publishes them. */
export function listen<T>(channel: string, act: (message: T) => void): void {
  const heard = guarded(act);
  subscribe(channel, (message) => heard(message as T));
}

/** Replaces a method. Where an object had none of its own, it does not show when the object is printed. */
export function redefine(target: object, name: string, value: CallableFunction): void {
  const had = Object.getOwnPropertyDescriptor(target, name) ?? {
    configurable: true,
    writable: true,
    enumerable: false,
  };
  Object.defineProperty(target, name, { ...had, value });
}

/** One of Node's own modules in C++; nothing where the permission model forbids it, or asking would print a warning. */
export function binding<T>(name: string): T | undefined {
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (options.includes("--pending-deprecation") || process.env["NODE_PENDING_DEPRECATION"] === "1")
    return undefined;
  return guarded(() => (process as unknown as { binding(name: string): T }).binding(name))();
}
