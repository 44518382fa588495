import { EventEmitter } from "node:events";
import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { Owners } from "./owners.js";
import { identityOf, packageOf, versioned } from "./package-names.js";
import { fileOf, frames, packageNameOf, userPlace } from "./stack.js";

/** What an owner of connections is: an agent of node:http, or a dispatcher of an undici. */
type OwnerKind = "agent" | "dispatcher";

/** The file that Node's own undici is in. */
const BUILT_IN = /^node:internal\/deps\/undici\//;

type Constructor = abstract new (...args: never[]) => object;

/**
 * Sees each http.Agent and each undici dispatcher being made, whatever copy of the library it comes from: all of
 * them are event emitters, so their constructors call `EventEmitter.init`, in the stack of who makes them.
 */
export function watchConstructions(
  owners: Owners,
  made: (owner: EventEmitter, kind: OwnerKind) => void,
): void {
  const kinds = new WeakMap<object, OwnerKind | "other">();
  const emitter = EventEmitter as unknown as { init(this: EventEmitter, options?: unknown): void };
  const original = emitter.init;
  emitter.init = function init(this: EventEmitter, options?: unknown): void {
    original.call(this, options);
    const type = this.constructor;
    let kind = kinds.get(type);
    if (kind === undefined) kinds.set(type, (kind = kindOf(type as unknown as Constructor)));
    if (kind === "other") return;
    try {
      note(owners, this, kind, init);
      made(this, kind);
    } catch {
      // What cannot be watched must not hurt the program.
    }
  };
}

function kindOf(type: Constructor): OwnerKind | "other" {
  const prototype = type.prototype as Record<string, unknown> | undefined;
  if (typeof prototype !== "object" || prototype === null) return "other";
  if (prototype instanceof Agent || prototype === (Agent.prototype as unknown)) return "agent";
  // Packages have agents that are none of Node's, and are used like them.
  if (typeof prototype["addRequest"] === "function") return "agent";
  const methods = ["dispatch", "close", "destroy"];
  return methods.every((name) => typeof prototype[name] === "function") ? "dispatcher" : "other";
}

function note(owners: Owners, owner: EventEmitter, kind: OwnerKind, above: CallableFunction): void {
  const sites = frames(above);
  // Above are the constructors of the class and of its parents; what follows them is who wanted it.
  const caller = callerOf(sites, owner, kind);
  const type = owner.constructor.name;
  if (kind === "agent") {
    // With `agent: false` Node makes one for a single request: no owner of connections, but a wish to keep none.
    if (caller?.getFileName() === "node:_http_client" || sites.some(isRequestConstructor)) return;
    // The class itself is the last of those whose constructors run; its parents' come before.
    const made = caller === undefined ? sites : sites.slice(0, sites.indexOf(caller));
    const classFile = made
      .filter((site) => site.isConstructor())
      .map(fileOf)
      .findLast((file) => file !== undefined);
    // An interceptor's agents carry nothing to anywhere.
    if (classFile !== undefined && /@mswjs/.test(classFile)) return;
    owners.made(owner, "node:http", type, userPlace(sites), {
      constructedAs: agentName(owner) ?? type,
      madeIn: madeIn(caller),
      classFrom: classFile === undefined ? undefined : versioned(classFile),
    });
    return;
  }
  const library = sites
    .find((site) => site.isConstructor() && site.getFileName() !== "node:events")
    ?.getFileName();
  if (library === undefined || library === null) return;
  const client = BUILT_IN.test(library) ? "fetch" : "undici";
  const folder = packageOf(library);
  if (folder !== undefined) owners.loaded(folder, () => identityOf(folder));
  // Pools and clients that an agent makes for an origin are its own affair; what one is made of is a part of it.
  if (caller !== undefined && sameLibrary(caller.getFileName() ?? "", library)) {
    if (caller.isConstructor()) owners.partOfLast(owner, caller.getFunctionName() ?? "");
    return;
  }
  const nested = isUndici(library) ? {} : { classFrom: versioned(library) };
  owners.made(owner, client, type, userPlace(sites), {
    constructedAs: type,
    madeIn: madeIn(caller),
    ...nested,
  });
}

/** Node's own classes are called by the module that they are from. */
function agentName(owner: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(owner);
  if (prototype === Agent.prototype) return "http.Agent";
  return prototype === SecureAgent.prototype ? "https.Agent" : undefined;
}

/** The package whose code calls a constructor; nothing where it is the user's own. */
function madeIn(caller: NodeJS.CallSite | undefined): string | undefined {
  const file = caller === undefined ? undefined : fileOf(caller);
  return file === undefined ? undefined : versioned(file);
}

function isUndici(library: string): boolean {
  return BUILT_IN.test(library) || /^undici/.test(packageNameOf(library) ?? "");
}

/** Who wants an owner made: the first frame beyond the constructors of its classes. */
function callerOf(
  sites: readonly NodeJS.CallSite[],
  owner: object,
  kind: OwnerKind,
): NodeJS.CallSite | undefined {
  const chain = chainOf(owner);
  let folder: string | undefined;
  for (const site of sites) {
    const own = packageOf(fileOf(site) ?? "");
    // A package may have a function that is called with `new` and makes its agent.
    const isFactory = kind === "agent" && site.isConstructor() && own !== undefined && own === folder;
    if (!isPartOfMaking(site, chain) && !isFactory) return site;
    folder = own ?? folder;
  }
  return undefined;
}

/** The names of the classes that an object is of. */
function chainOf(owner: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at: unknown = owner; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    const { constructor: type } = at as { constructor?: unknown };
    if (typeof type === "function") names.add(type.name);
  }
  return names;
}

/** Whether a frame is of the constructors of an owner's classes, and not of something that has one made for it. */
function isPartOfMaking(site: NodeJS.CallSite, chain: ReadonlySet<string>): boolean {
  return (
    (site.isConstructor() && chain.has(site.getFunctionName() ?? "")) ||
    /^node:(?:events|internal\/streams|_http_agent|https)/.test(site.getFileName() ?? "")
  );
}

function isRequestConstructor(site: NodeJS.CallSite): boolean {
  return site.getFileName() === "node:_http_client" && site.isConstructor();
}

function sameLibrary(file: string, library: string): boolean {
  if (BUILT_IN.test(library)) return BUILT_IN.test(file);
  const root = packageOf(library);
  return root === undefined ? file === library : file.startsWith(root);
}

/** Whether a request of undici was made by the copy that is in Node itself, which is what the global fetch uses. */
export function fromBuiltIn(above: CallableFunction): boolean {
  const site = frames(above, 8).find((one) => one.isConstructor() || fileOf(one) !== undefined);
  return site !== undefined && BUILT_IN.test(site.getFileName() ?? "");
}
