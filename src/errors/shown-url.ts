import { shownText } from "./shown-text.js";

const MAX_LENGTH = 200;
/** The scheme, where there is one, and the slashes; what follows up to the last `@` is user and password. */
const START = /^[\s\x00-\x1f]*(?:[a-z][a-z0-9+.-]*:)?[/\\]*/i;

/**
 * A URL as errors may show it, and text that was meant to be one: without password, values of query parameters and
 * fragment. In text that does not parse, all before the last `@` is taken for a user part, because the commonest slip is a
 * password that holds a `/`, `#` or `?`.
 */
export function shownURL(text: string): string {
  return URL.canParse(text) ? shownParts(text) : shownRest(text);
}

/** The same, in quotes and not too long, for the middle of a sentence. */
export function quotedURL(text: string): string {
  const shown = shownURL(text);
  return shownText(JSON.stringify(shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH)}…` : shown));
}

function shownParts(text: string): string {
  const url = new URL(text);
  // Without slashes nothing is a user part to the parser: `user:password@host` has the scheme "user".
  if (url.host === "" && text.includes("@")) return shownRest(text);
  const from = /^([^/?#]*?:\/\/)([^/?#]*@)?/.exec(url.href);
  const rest = from === null ? url.href : url.href.slice(from[0].length);
  const user = url.username === "" && url.password === "" ? "" : userOf(url);
  return `${from?.[1] ?? ""}${user}${withoutValues(rest)}`;
}

function userOf({ username, password }: URL): string {
  return password === "" ? `${username}@` : `${username}:***@`;
}

function shownRest(text: string): string {
  const at = Math.max(text.lastIndexOf("@"), text.lastIndexOf("%40"));
  if (at < 0) return withoutValues(text);
  const start = START.exec(text)?.[0] ?? "";
  const host = text.slice(at + (text[at] === "@" ? 1 : 3));
  return start.length > at ? withoutValues(host) : `${start}***@${withoutValues(host)}`;
}

/**
 * Values and fragments are secrets too often: tokens, keys, signatures. So is what stands right before an `@` in a path
 * or a name: in `http://pass/word@host/` the parser sees the host "pass", and it may be a person's address.
 */
function withoutValues(text: string): string {
  const hash = text.indexOf("#");
  const sent = hash < 0 ? text : text.slice(0, hash);
  const mark = sent.indexOf("?");
  const query = mark < 0 ? "" : namesOf(sent.slice(mark));
  const fragment = hash < 0 || hash === text.length - 1 ? "" : "#***";
  const path = (mark < 0 ? sent : sent.slice(0, mark)).replace(/(?<![^/@])[^/@]+@/g, "***@");
  return `${path}${query.replace(/(?<![^?&=@])[^?&=@]+@/g, "***@")}${fragment}`;
}

/** The names in a query that begins with its mark; what has no value may be a token itself: `/file?<signature>`. */
function namesOf(query: string): string {
  const bare = query.replace(/(?<=[?&])[^&=]+(?=&|$)/g, "***");
  return bare.replace(/=[^&]+/g, "=***");
}
