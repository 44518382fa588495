// The global fetch, as every program has it.
import { fetchOperations } from "./undici.mjs";

export const create = async ({ origin }) => fetchOperations(origin, globalThis.fetch);
