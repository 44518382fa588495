import { isIP } from "node:net";
import { quotedURL } from "../errors/index.js";
import { ownMembers, spellingHint } from "../runtime/index.js";
import { TLS_OPTION_NAMES } from "./dial/index.js";
import type { TransportOptions } from "./transport-options.js";

/**
 * Checks the options that are not numbers, so that one that cannot mean anything is refused here and not ignored, or
 * found in the middle of a dial. A misspelt option of TLS may be the one that pins a certificate.
 *
 * @throws TypeError that names the option; RangeError for a number out of range.
 */
export function checkKinds(options: TransportOptions): void {
  for (const name of ["keepAlive", "safeRetry"] as const) expect(options, name, "true or false", isBoolean);
  for (const name of ["lookup", "dial"] as const) expect(options, name, "a function", isFunction);
  expect(options, "localAddress", "an IP address", (value) => typeof value === "string" && isIP(value) > 0);
  expect(options, "socketPath", "a path", (value) => typeof value === "string" && value !== "");
  expect(
    options,
    "allowAddress",
    '"public" or a function',
    (value) => value === "public" || isFunction(value),
  );
  checkEyeballs(options.happyEyeballs);
  checkRecorder(options.recorder);
  checkTls("tls", options.tls);
  checkTls("proxyTls", options.proxyTls);
  const { tlsByOrigin } = options;
  if (tlsByOrigin === undefined) return;
  expect(options, "tlsByOrigin", "an object of origins and their TLS options", isObject);
  for (const [origin, tls] of Object.entries(tlsByOrigin)) checkTls(`tlsByOrigin[${quotedURL(origin)}]`, tls);
}

function checkEyeballs(value: unknown): void {
  if (value === undefined || value === false) return;
  checkObject("happyEyeballs", value, "false or { delay }", ["delay"]);
  const { delay } = ownMembers(value as { readonly delay?: unknown });
  if (delay !== undefined && !(typeof delay === "number" && delay >= 0)) {
    throw new RangeError(
      `Cannot use ${String(delay)} for happyEyeballs.delay: it must be a number of milliseconds, at least 0`,
    );
  }
}

function checkRecorder(value: unknown): void {
  if (value === undefined || value === false) return;
  checkObject("recorder", value, "false or { connections, exchanges }", ["connections", "exchanges"]);
  for (const [name, count] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    if (count === undefined || (Number.isInteger(count) && (count as number) >= 0)) continue;
    throw new RangeError(
      `Cannot use ${String(count)} for recorder.${name}: it must be a whole number, at least 0`,
    );
  }
}

function checkTls(name: string, value: unknown): void {
  if (value === undefined) return;
  if (!isObject(value)) throw new TypeError(`Cannot use ${name}: it must be an object of TLS options`);
  for (const member of Object.keys(value)) {
    if (!TLS_OPTION_NAMES.has(member)) {
      throw new TypeError(
        `Cannot use ${name}: there is no TLS option ${JSON.stringify(member)}${spellingHint(member, TLS_OPTION_NAMES)}`,
      );
    }
  }
  const { rejectUnauthorized, checkServerIdentity } = ownMembers(value as Readonly<Record<string, unknown>>);
  if (rejectUnauthorized !== undefined && !isBoolean(rejectUnauthorized)) {
    throw new TypeError(
      `Cannot use ${name}.rejectUnauthorized: it must be true or false, not ${describe(rejectUnauthorized)}`,
    );
  }
  if (checkServerIdentity !== undefined && !isFunction(checkServerIdentity)) {
    throw new TypeError(
      `Cannot use ${name}.checkServerIdentity: it must be a function, not ${describe(checkServerIdentity)}`,
    );
  }
}

function checkObject(name: string, value: unknown, kind: string, members: readonly string[]): void {
  const unknown = isObject(value)
    ? Object.keys(value).find((member) => !members.includes(member))
    : undefined;
  if (isObject(value) && unknown === undefined) return;
  const has =
    unknown === undefined ? "" : `, and has no ${JSON.stringify(unknown)}${spellingHint(unknown, members)}`;
  throw new TypeError(`Cannot use ${name}: it must be ${kind}${has}`);
}

function expect(
  options: TransportOptions,
  name: keyof TransportOptions,
  kind: string,
  holds: (value: unknown) => boolean,
): void {
  const value = options[name];
  if (value === undefined || holds(value)) return;
  throw new TypeError(`Cannot use ${name}: it must be ${kind}, not ${describe(value)}`);
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
