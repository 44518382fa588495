import { Transport } from "./transport.js";

// One per process and major version: a package that is installed twice must not mean two pools.
const key = Symbol.for("trunkline.defaultTransport.0");
const registry = globalThis as { [key]?: Transport };

/** The transport of every client that has none of its own: one per process, however often the package is loaded. */
export const defaultTransport: Transport = (registry[key] ??= new Transport());
