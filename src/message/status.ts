/** @throws RangeError for a status that a response made by hand cannot have (WHATWG Fetch §5.5). */
export function checkStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new RangeError(`Cannot make a Response with status ${status} as it must be 200 to 599`);
}

/** Statuses whose responses never have a body (WHATWG fetch, null body status). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A reason phrase (RFC 9112 §4): it must not end the line it may be written to. */
export function checkStatusText(text: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text;
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as statusText as it is no text of one line in latin1`,
  );
}
