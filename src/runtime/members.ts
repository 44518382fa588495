/**
 * What another package has put on `Object.prototype` is a member of every object that has no member of that name, and
 * would be read as an option. Objects of options are therefore copied to objects without a prototype before they are read.
 */
export function ownMembers<T extends object>(given: T): T {
  return bare({ ...given });
}

/** The same of an object that was made for this: the object itself, without its prototype. */
export function bare<T extends object>(made: T): T {
  // What begins without a prototype is a hash table for V8, three times as large.
  return Object.setPrototypeOf(made, null) as T;
}

const CLEAN = {};

function isPolluted(): boolean {
  for (const _ in CLEAN) return true;
  return false;
}

/**
 * The same for objects whose members may be inherited, as fetch has it for its `init`: all that the object has but what
 * comes from `Object.prototype`. The object itself where there is nothing, so that it costs a call no more than a look.
 */
export function givenMembers<T extends object>(given: T): T {
  if (!isPolluted() || given === null || (typeof given !== "object" && typeof given !== "function"))
    return given;
  const members = Object.create(null) as Record<PropertyKey, unknown>;
  const chain: object[] = [];
  for (
    let at: object | null = given;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    chain.push(at);
  }
  for (const at of chain.reverse()) {
    for (const name of Reflect.ownKeys(at)) members[name] = (given as Record<PropertyKey, unknown>)[name];
  }
  return members as T;
}
