/**
 * The name of the method that `util.inspect` calls, as Node documents it for code that does not import `node:util`:
 * an import of that reads every member of the module, which loads three milliseconds of code that nobody here uses.
 */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** What `util.inspect` gives that method to show what is within. */
export type Inspect = (value: unknown, options: object) => string;
