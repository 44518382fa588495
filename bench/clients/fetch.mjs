// The global fetch, as every program has it.
import { classCalls } from "../lib/class-calls.mjs";
import { fetchOperations } from "./undici.mjs";

export const create = async ({ origin }) => ({
  ...fetchOperations(origin, globalThis.fetch),
  ...classCalls(globalThis),
});
