import { givenMembers } from "../runtime/index.js";
import { Headers, type HeadersInit } from "./headers.js";

/** The head of a response that is made by hand. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

interface HeadInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeadersInit;
}

/**
 * Reads and checks the members of a response's init, in the order of Web IDL.
 * @throws TypeError, RangeError for what a response cannot have (WHATWG Fetch §5.5).
 */
export function responseHead(init: HeadInit | null | undefined): ResponseHead {
  if (init === undefined || init === null) return { status: 200, statusText: "", headers: new Headers() };
  if (typeof init !== "object" && typeof init !== "function") {
    throw new TypeError(`Cannot make a Response with ${typeof init} as init: pass an object`);
  }
  const { headers: given, status: code, statusText: text } = givenMembers(init);
  const headers = new Headers(given);
  const status = code === undefined ? 200 : Number(code) & 0xffff;
  const statusText = text === undefined ? "" : `${text}`;
  if (status < 200 || status > 599) {
    throw new RangeError(`Cannot make a Response with status ${String(code)}: it must be from 200 to 599`);
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(statusText)) {
    throw new TypeError(
      `Cannot use ${JSON.stringify(statusText)} as statusText: it must be one line of Latin-1 text`,
    );
  }
  return { status, statusText, headers };
}

/** Statuses whose responses never have a body (WHATWG Fetch, null body status). */
export function hasNoBody(status: number): boolean {
  return status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
}
