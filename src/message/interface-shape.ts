/** What Web IDL says of an interface that a class alone does not give it. */
export interface InterfaceShape {
  readonly name: string;
  /** Arguments that the constructor needs. */
  readonly length: number;
  /** The standard's members of the prototype; what is beside them stays hidden from a listing. */
  readonly members: readonly string[];
  readonly statics?: readonly string[];
  /** Arguments that an operation needs, where its optional ones are in its parameter list. */
  readonly lengths?: Readonly<Record<string, number>>;
}

/** The members of a request and of a response that are about their bodies. */
export const BODY_MEMBERS: readonly string[] = [
  "body",
  "bodyUsed",
  "clone",
  "arrayBuffer",
  "blob",
  "bytes",
  "formData",
  "json",
  "text",
  "textStream",
];

interface Shaped {
  readonly prototype: object;
}

/**
 * Gives a class the shape that Web IDL gives an interface (§3.7): its name, whatever a bundler made of it, enumerable
 * members, the tag as a value, and counts of required arguments.
 */
export function shapeInterface(ours: Shaped, shape: InterfaceShape): void {
  const { name, length, members, statics = [], lengths = {} } = shape;
  Object.defineProperties(ours, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
  });
  for (const member of members) reveal(ours.prototype, member, lengths[member]);
  for (const member of statics) reveal(ours, member, lengths[member]);
  Object.defineProperty(ours.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

function reveal(holder: object, member: string, length: number | undefined): void {
  Object.defineProperty(holder, member, { enumerable: true });
  if (length === undefined) return;
  const operation = (holder as Record<string, unknown>)[member] as () => unknown;
  Object.defineProperty(operation, "length", { value: length, configurable: true });
}

/** @throws TypeError when an operation was given fewer arguments than it needs. */
export function needArguments(given: ArrayLike<unknown>, needed: number, operation: string): void {
  if (given.length >= needed) return;
  throw new TypeError(
    `${operation} needs ${needed === 1 ? "one argument" : `${needed} arguments`} but got ${given.length}`,
  );
}
