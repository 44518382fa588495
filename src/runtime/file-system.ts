/**
 * Node's `fs`, without importing it: an import of `node:fs` reads every member of the module, `promises` among them,
 * which loads two milliseconds of code that nobody here uses.
 */
export const fileSystem: typeof import("node:fs") = process.getBuiltinModule("node:fs");
