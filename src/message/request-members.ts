import { ownMembers } from "../runtime/index.js";
import { environmentURL } from "./environment.js";
import type { Headers, HeadersInit } from "./headers.js";
import { BODY_MEMBERS, type InterfaceShape } from "./interface-shape.js";
import type { BodySource } from "./source.js";
import type { Target } from "./target.js";

/** What to do with a redirect: follow it, return the 3xx response, or reject. */
export type RedirectMode = "follow" | "manual" | "error";
/** The standard's cache modes. There is no cache here; some send headers to caches on the way (`RequestInit.cache`). */
export type RequestCache = "default" | "no-store" | "reload" | "no-cache" | "force-cache" | "only-if-cached";
/** The standard's request modes; without effect outside a browser. */
export type RequestMode = "cors" | "navigate" | "no-cors" | "same-origin";
/** The standard's credentials modes; without effect outside a browser. */
export type RequestCredentials = "include" | "omit" | "same-origin";
/** The standard's referrer policies; `""` for the default, `strict-origin-when-cross-origin`. */
export type ReferrerPolicy =
  | ""
  | "no-referrer"
  | "no-referrer-when-downgrade"
  | "origin"
  | "origin-when-cross-origin"
  | "same-origin"
  | "strict-origin"
  | "strict-origin-when-cross-origin"
  | "unsafe-url";

/** The members of a request that are no more than values (Fetch §5.4). */
export interface RequestModes {
  readonly cache: RequestCache;
  readonly credentials: RequestCredentials;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly mode: RequestMode;
  readonly redirect: RedirectMode;
  /** "about:client", "" for none, or a URL. */
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
}

/** What a request has of which nothing was said. */
export const DEFAULT_MODES: RequestModes = Object.freeze({
  cache: "default",
  credentials: "same-origin",
  integrity: "",
  keepalive: false,
  mode: "cors",
  redirect: "follow",
  referrer: "about:client",
  referrerPolicy: "",
});

/** The modes of another implementation's request, which may lack some. */
export function modesOf(request: object): RequestModes {
  const given = request as Readonly<Record<string, unknown>>;
  const modes = Object.entries(DEFAULT_MODES).map(([name, usual]) => [name, given[name] ?? usual]);
  return Object.fromEntries(modes) as RequestModes;
}

/** The members of an init, converted, in the order in which Web IDL reads them; what is absent was not given. */
interface RequestMembers {
  readonly body: unknown;
  readonly headers: HeadersInit | undefined;
  readonly method: string | undefined;
  readonly signal: unknown;
  readonly duplex: boolean;
  readonly keepalive: boolean;
  readonly priority: string | undefined;
  /** Whether any member of the standard was given. */
  readonly given: boolean;
  /** `undefined` where nothing of the kind was given. */
  readonly modes: Partial<Record<keyof RequestModes, unknown>> | undefined;
}

const CACHES = ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"];
const CREDENTIALS = ["omit", "same-origin", "include"];
const MODES = ["navigate", "same-origin", "no-cors", "cors"];
const REDIRECTS = ["follow", "error", "manual"];
/** The policies of Referrer Policy §3, but for the empty one. */
export const REFERRER_POLICIES: readonly string[] = [
  "no-referrer",
  "no-referrer-when-downgrade",
  "same-origin",
  "origin",
  "strict-origin",
  "origin-when-cross-origin",
  "strict-origin-when-cross-origin",
  "unsafe-url",
];
const POLICIES = ["", ...REFERRER_POLICIES];

/**
 * Converts an init as Web IDL does: members it does not know are not looked at.
 * @throws TypeError for what is not an object, and for a value that its member cannot have.
 */
export function requestMembers(init: unknown): RequestMembers {
  if (typeof init !== "object" && typeof init !== "function") {
    throw new TypeError(`Cannot make a Request with ${typeof init} as init; pass an object`);
  }
  const from = init as Readonly<Record<string, unknown>>;
  const { body } = from;
  const cache = choice("cache", from["cache"], CACHES);
  const credentials = choice("credentials", from["credentials"], CREDENTIALS);
  const duplex = choice("duplex", from["duplex"], ["half"]);
  const headers = from["headers"] as HeadersInit | undefined;
  const integrity = text(from["integrity"]);
  const keepalive = from["keepalive"] === undefined ? undefined : Boolean(from["keepalive"]);
  const method = text(from["method"]);
  const mode = choice("mode", from["mode"], MODES);
  const priority = choice("priority", from["priority"], ["high", "low", "auto"]);
  const redirect = choice("redirect", from["redirect"], REDIRECTS);
  const referrer = text(from["referrer"]);
  const referrerPolicy = choice("referrerPolicy", from["referrerPolicy"], POLICIES);
  const { signal, window } = from;
  if (window !== undefined && window !== null) {
    throw new TypeError("Cannot use this as window: it can only be null");
  }
  const hasModes =
    cache !== undefined ||
    credentials !== undefined ||
    integrity !== undefined ||
    keepalive !== undefined ||
    mode !== undefined ||
    redirect !== undefined ||
    referrer !== undefined ||
    referrerPolicy !== undefined;
  return {
    body,
    headers,
    method,
    signal,
    duplex: duplex !== undefined,
    keepalive: keepalive === true,
    priority,
    given:
      hasModes ||
      body !== undefined ||
      headers !== undefined ||
      method !== undefined ||
      signal !== undefined ||
      duplex !== undefined ||
      priority !== undefined ||
      window !== undefined,
    modes: hasModes
      ? { cache, credentials, integrity, keepalive, mode, redirect, referrer, referrerPolicy }
      : undefined,
  };
}

/**
 * The modes of a request, from those of the one it is made from.
 * @throws TypeError for a combination that the standard refuses.
 */
export function requestModes(base: RequestModes, members: RequestMembers): RequestModes {
  if (!members.given) return base;
  const given = members.modes ?? ownMembers<Partial<RequestModes>>({});
  // A request that is made from another with anything changed is not what a navigation had asked for.
  const mode = given.mode ?? (base.mode === "navigate" ? "same-origin" : base.mode);
  if (mode === "navigate") throw new TypeError('Cannot use mode "navigate": only browsers navigate');
  const modes = {
    cache: given.cache ?? base.cache,
    credentials: given.credentials ?? base.credentials,
    integrity: given.integrity ?? base.integrity,
    keepalive: given.keepalive ?? base.keepalive,
    mode,
    redirect: given.redirect ?? base.redirect,
    referrer: given.referrer === undefined ? "about:client" : referrerOf(given.referrer as string),
    referrerPolicy: given.referrerPolicy ?? "",
  } as RequestModes;
  if (modes.cache === "only-if-cached" && modes.mode !== "same-origin") {
    throw new TypeError('Cannot use cache "only-if-cached": it needs mode "same-origin"');
  }
  return modes;
}

function referrerOf(given: string): string {
  if (given === "") return "";
  const here = environmentURL();
  let url: URL;
  try {
    url = new URL(given, here);
  } catch (cause) {
    throw new TypeError(`Cannot use ${JSON.stringify(given)} as referrer: it is not a URL`, { cause });
  }
  // Node takes "about://client" for it too.
  const isClient = url.protocol === "about:" && (url.pathname === "client" || url.hostname === "client");
  // A program that runs somewhere refers to no place but its own.
  return isClient || (here !== undefined && url.origin !== here.origin) ? "about:client" : url.href;
}

function choice(member: string, value: unknown, values: readonly string[]): string | undefined {
  if (value === undefined) return undefined;
  const given = `${value}`;
  if (values.includes(given)) return given;
  const shown = values.map((one) => JSON.stringify(one)).join(", ");
  throw new TypeError(`Cannot use ${member} ${JSON.stringify(given)}: it must be ${shown}`);
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : `${value}`;
}

/** What Web IDL gives the interface. */
export const REQUEST_SHAPE: InterfaceShape = {
  name: "Request",
  length: 1,
  members: [
    "method",
    "url",
    "headers",
    "destination",
    "referrer",
    "referrerPolicy",
    "mode",
    "credentials",
    "cache",
    "redirect",
    "integrity",
    "keepalive",
    "isReloadNavigation",
    "isHistoryNavigation",
    "signal",
    "duplex",
    ...BODY_MEMBERS,
  ],
};

/** What the client and the transport need of a request without paying for the public getters. */
export interface RequestParts {
  readonly target: Target;
  readonly headers: Headers | undefined;
  readonly source: BodySource | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What a request gets that differs from the one it is made from. */
export interface RequestChanges {
  readonly method?: string;
  readonly target?: Target;
  /** The fragment, "#" included. */
  readonly hash?: string;
  readonly headers?: Headers;
  /** Present, even as `undefined`: in place of the body. */
  readonly source?: BodySource | undefined;
  readonly signal?: AbortSignal;
  readonly modes?: Partial<RequestModes>;
}
