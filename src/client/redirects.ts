import {
  environmentURL,
  fieldValues,
  markRedirected,
  type Request,
  type Response,
  requestParts,
} from "../message/index.js";
import { callError } from "./call-error.js";
import type { RedirectHop, RedirectPolicy } from "./redirect-policy.js";
import { redirectedRequest } from "./redirect-request.js";

/** Whether fetch calls it a redirect; 300, 304, 305 and 306 are not followed. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Follows where the first response leads and gives the last one (WHATWG Fetch §4.5 "HTTP-redirect fetch"). A 3xx
 * without `Location` is an answer like any other.
 *
 * `send` learns whether all origins so far may have the call's credentials.
 *
 * @throws NetworkError when the mode forbids redirects, there are too many, one leads where it must not, or asks for a
 * body that cannot be sent again.
 */
export async function followRedirects(
  first: Response,
  request: Request,
  policy: RedirectPolicy,
  send: (request: Request, trusted: boolean) => Promise<Response>,
): Promise<Response> {
  // Once a hop has led where the credentials must not go, whoever is there decides where the next one leads: also back.
  let trusted = policy.auth?.covers(request) ?? true;
  let response = first;
  let current = request;
  let crossed = false;
  const hops = [requestParts(request).target];
  // One that was made from `referrer`, or from where the program runs, is made anew for each hop.
  const isMade = policy.toTheLetter && environmentURL() !== undefined;
  const referer =
    request.referrer === "about:client" && !isMade
      ? (requestParts(request).headers?.get("referer") ?? undefined)
      : undefined;
  for (let number = 1; isRedirect(response.status); number += 1) {
    if (request.redirect === "manual") return response;
    if (request.redirect === "error") {
      await response.close();
      throw callError(
        current,
        "ERR_TRUNKLINE_REDIRECT_REFUSED",
        `the server answered with a redirect (${response.status}), and redirect is "error"; use "follow" or "manual" to accept it`,
      );
    }
    const given = fieldValues(response.headers, "location");
    // To the letter, an empty one leads to the same URL again.
    const locations = policy.toTheLetter ? given : given.filter((value) => value !== "");
    if (locations.length === 0) return response;
    if (number > policy.maxRedirects) {
      await response.close();
      throw callError(
        current,
        "ERR_TRUNKLINE_TOO_MANY_REDIRECTS",
        `the server redirected more than ${policy.maxRedirects} times; this may be a loop, otherwise raise maxRedirects`,
      );
    }
    let next: Request;
    try {
      next = redirectedRequest(current, response, locations, policy, referer, hops);
      const listener = policy.onRedirect;
      if (listener !== undefined) {
        const hop: RedirectHop = { number, response, from: new URL(current.url), request: next };
        if ((await listener(hop)) === "stop") return response;
      }
    } catch (error) {
      await response.close();
      throw error;
    }
    // A short body is read to its end, so that the next request can go over the same connection.
    await response.close();
    const { target } = requestParts(next);
    crossed ||= target.origin !== hops.at(-1)?.origin;
    hops.push(target);
    current = next;
    trusted &&= policy.auth?.covers(current) ?? true;
    response = await send(current, trusted);
    markRedirected(response, crossed);
  }
  return response;
}
