import { rejection, showCaller } from "../../errors/index.js";
import {
  derivedRequest,
  environmentURL,
  fetchTarget,
  plainRequest,
  Request,
  type RequestInit,
  type Response,
  readyBody,
  requestParts,
  responseBody,
  spendBody,
} from "../../message/index.js";
import { givenMembers } from "../../runtime/index.js";
import { defaultTransport } from "../../transport/index.js";
import { Chain } from "../chain.js";
import { refusal } from "../fetch-origin.js";
import { fetchPolicy, type Policy } from "../policy.js";
import { fetchError, guardBody, networkError } from "./fetch-errors.js";
import { withStandardFields } from "./fields.js";
import { fetchLocal } from "./local-schemes.js";
import { markResource, resourceMark, timelineNow } from "./resource-timing.js";

const POLICY: Policy = fetchPolicy();
const CHAIN = new Chain(POLICY, defaultTransport, []);

/**
 * The platform's `fetch`, to the letter of WHATWG Fetch, on `defaultTransport`. Members of `init` that are not in the
 * standard are ignored; for what fetch lacks, use a {@link Client}. Rejects with a `TypeError` for a request that cannot
 * be made; with `TypeError("fetch failed")` for a failure on the network, whose `cause` is the {@link NetworkError}; with
 * the signal's reason when it aborts. A body that breaks off fails with `TypeError("terminated")`.
 */
export function fetch(
  input: string | URL | Request | globalThis.Request,
  init?: RequestInit,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    try {
      if (init === undefined && typeof input === "string") {
        const target = fetchTarget(input);
        if (target.unsupported === undefined && environmentURL() === undefined) {
          send(plainRequest("GET", target), resolve);
          return;
        }
      }
      if (init !== undefined && init !== null) refuseForeignMembers(init);
      const request = init === undefined && input instanceof Request ? input : new Request(input, init);
      if (request.bodyUsed) {
        throw new TypeError("Cannot fetch this request: its body has already been used; clone() it first");
      }
      prepare(request, resolve);
    } catch (error) {
      showCaller(error, fetch);
      reject(error);
    }
  });
}

// Web IDL counts the arguments that are needed.
Object.defineProperty(fetch, "length", { value: 1, configurable: true });

type Resolve = (response: Response | Promise<Response>) => void;

/** The way of every request that is more than a GET of a URL. */
function prepare(request: Request, resolve: Resolve): void {
  const local = fetchLocal(request);
  if (local !== undefined) {
    resolve(local);
    return;
  }
  const { signal, source: body, target } = requestParts(request);
  if (signal?.aborted === true) {
    spendBody(request);
    void body?.cancel(signal.reason);
    throw signal.reason;
  }
  const { mode } = request;
  const refused = mode === "same-origin" ? refusal(mode, new URL(target.href), []) : undefined;
  if (refused !== undefined) throw networkError(`Cannot fetch from ${target.origin}: ${refused}`);
  if (request.cache === "only-if-cached") {
    throw networkError('Cannot fetch with cache "only-if-cached": there is no cache');
  }
  const sent = withStandardFields(request);
  spendBody(request);
  const ready = readyBody(requestParts(sent).source);
  if (ready === undefined) send(sent, resolve);
  else
    resolve(ready.then((source) => new Promise((settle) => send(derivedRequest(sent, { source }), settle))));
}

function send(request: Request, resolve: Resolve): void {
  const { port } = requestParts(request).target;
  if (isBadPort(port)) {
    throw networkError(
      `Cannot fetch from port ${port}: the standard reserves it for another protocol; use a Client to reach it`,
    );
  }
  const started = timelineNow();
  CHAIN.start(POLICY, request, (settled) => {
    if (settled instanceof Promise) {
      resolve(settled.then((response) => answered(request, response, started), failed));
    } else {
      resolve(answered(request, settled, started));
    }
  });
}

/** What fetch adds to a response: how its body fails, and its entry on the timeline. */
function answered(request: Request, response: Response, started: number): Response {
  const body = responseBody(response);
  if (body !== null) guardBody(body, requestParts(request).signal);
  if (body === null || body.complete) {
    markResource(request.url, response, started, body?.received ?? 0);
  } else {
    const mark = resourceMark(request.url, response, started);
    body.onEnd = () => mark(body.received);
  }
  return response;
}

function failed(error: unknown): Promise<never> {
  return rejection(fetchError(error));
}

/** Ports of other protocols, which fetch does not speak to (Fetch §2.9 "port blocking"). */
const BAD: ReadonlySet<number> = new Set([
  ...[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  ],
  ...[
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  ],
  ...[526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049],
  ...[3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080],
]);

/** Whether the standard forbids this port. */
function isBadPort(port: number): boolean {
  return BAD.has(port);
}

/** Members of `init` that route a request in other implementations of fetch, and what does so here. */
const REFUSED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    dispatcher:
      "configure a Transport instead (proxy, tls, dial, lookup) and fetch with a Client that uses it",
    agent: "configure a Transport instead (proxy, tls, dial, lookup) and fetch with a Client that uses it",
    client: "configure a Transport instead (proxy, tls) and fetch with a Client that uses it",
    proxy: "use new Client({ transport: new Transport({ proxy }) })",
    socketPath: "use new Client({ transport: new Transport({ socketPath }) })",
    unix: "use new Client({ transport: new Transport({ socketPath }) })",
    tls: "use new Client({ transport: new Transport({ tls }) })",
  }),
);

/**
 * Members that the standard does not know are ignored, but for those that would change where a request goes or whom it
 * trusts: a program that gives them must not find that out by an accident.
 *
 * @throws TypeError that says what to do instead.
 */
export function refuseForeignMembers(init: object): void {
  const members = givenMembers(init) as Readonly<Record<string, unknown>>;
  for (const [name, instead] of REFUSED) {
    const value = members[name];
    if (value === undefined || value === null || value === false || value === "") continue;
    throw new TypeError(`Cannot fetch with ${name}: it has no effect here; ${instead}`);
  }
}
