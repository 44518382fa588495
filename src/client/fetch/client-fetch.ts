import type { Request, RequestInit, Response } from "../../message/index.js";
import { responseBody } from "../../message/index.js";
import { givenMembers } from "../../runtime/index.js";
import type { Client } from "../client.js";
import { refuseForeignMembers } from "./fetch.js";
import { fetchError, guardBody } from "./fetch-errors.js";

/** The members of fetch's `init`. */
const MEMBERS = [
  ...([
    "method",
    "headers",
    "body",
    "signal",
    "redirect",
    "duplex",
    "priority",
    "integrity",
    "cache",
  ] as const),
  ...(["credentials", "mode", "keepalive", "referrer", "referrerPolicy"] as const),
];

/**
 * Makes a function with the interface of `fetch` that sends requests with a client: with its base URL, headers, limits,
 * retries and transport. Give it to an SDK or a library instead of `client.fetch`, because many pass options of their own
 * and recognise failures by fetch's messages. Members of `init` that are not in the standard are ignored. Failures on the
 * network reject as those of module-level `fetch`: `TypeError("fetch failed")`, and `TypeError("terminated")` for a body
 * that breaks off, with the {@link NetworkError} as cause. All else is as in `client.fetch`.
 *
 * @throws TypeError when `client` is not a `Client`.
 */
export function createFetch(
  client: Pick<Client, "fetch">,
): (input: string | URL | Request | globalThis.Request, init?: RequestInit) => Promise<Response> {
  if (typeof (client as Partial<Client> | undefined)?.fetch !== "function") {
    throw new TypeError(
      "Cannot make a fetch from this: it must be a Client; write createFetch(new Client())",
    );
  }
  return async function fetch(input, init) {
    const standard = standardInit(init);
    const response = await client.fetch(input, standard).catch((error: unknown) => {
      throw fetchError(error);
    });
    const body = responseBody(response);
    if (body !== null) guardBody(body, standard?.signal ?? undefined);
    return response;
  };
}

function standardInit(init: RequestInit | undefined): RequestInit | undefined {
  if (typeof init !== "object" || init === null) return init;
  refuseForeignMembers(init);
  const given = givenMembers(init);
  const standard: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    if (given[name] !== undefined) standard[name] = given[name];
  }
  return standard;
}
