import { frames } from "../runtime/index.js";

const UNREADABLE =
  "The platform's fetch and Request cannot read a Request of trunkline: give them its parts, as in " +
  "fetch(request.url, request), or send it with trunkline's fetch";

/** Frames from the function that is asked up to undici's converter: a check or a conversion lies between. */
const DEPTH = 4;

/**
 * Throws when undici, Node's own or the package, asks what an argument of `fetch` or `new Request` is. It takes ours
 * for its own by its prototypes and then fails to read it, in words about its private fields, or takes it for a URL
 * by its text.
 *
 * @param asked the function that was called, whose caller is looked at
 */
function refuseForeignReader(asked: CallableFunction): void {
  for (const site of frames(asked, DEPTH)) {
    if (site.getFunctionName()?.endsWith("RequestInfo") === true) throw new TypeError(UNREADABLE);
  }
}

/** The text of a request: what it is for everybody else. */
export function guardText(prototype: object): void {
  Object.defineProperty(prototype, Symbol.toPrimitive, {
    value: function asked(this: object): string {
      refuseForeignReader(asked);
      return this.toString();
    },
    writable: true,
    configurable: true,
  });
}

/** The platform's prototype as ours inherits it: whoever follows the chain is noticed on the way. */
export function guardedPrototype(platform: new (input: never) => object): object {
  const prototype = platform.prototype as object;
  if (!trustsPrototypes(platform, prototype)) return prototype;
  return new Proxy(prototype, {
    getPrototypeOf: function asked() {
      refuseForeignReader(asked);
      return prototype;
    },
  });
}

/** Whether `instanceof` is all that the class asks for, as in Node 20 to 24; from Node 26 on it looks for its fields. */
function trustsPrototypes(platform: new (input: never) => object, prototype: object): boolean {
  let takenAsText = false;
  const asText = (): string => {
    takenAsText = true;
    return "about:blank";
  };
  try {
    new platform(Object.create(prototype, { toString: { value: asText } }) as never);
  } catch {
    // It was taken for what it is not.
  }
  return !takenAsText;
}
