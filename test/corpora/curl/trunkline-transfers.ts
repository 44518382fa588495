import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { basename } from "node:path";
import {
  Client,
  type ClientOptions,
  type CookieStore,
  HTTPError,
  type Init,
  openCookieJar,
  Transport,
  type TransportOptions,
} from "../../../src/index.js";
import type { Group, Transfer } from "./curl-command.js";

/** How one transfer ended. */
export interface Ending {
  /** Why it failed; absent when it did not. */
  readonly error?: string;
  readonly status?: number;
  readonly body?: string;
}

type Options = Transfer["options"];

/** What is the same for all transfers of a case. */
export interface Place {
  /** The port of the server. */
  readonly port: number;
  /** Fills in the variables of a run. */
  fill(text: string): string;
  readonly stdin: string;
}

/** Does what the command asks for with a client of ours: one transport and one jar for a command, as curl has them. */
export async function transferAll(
  groups: readonly Group[],
  transfers: readonly Transfer[],
  place: Place,
): Promise<Ending[]> {
  const endings: Ending[] = [];
  let index = 0;
  for (const group of groups) {
    const options = transfers[index]?.options ?? new Map<string, string[]>();
    const proxied = transportOptions(options, place);
    await using transport = new Transport(proxied);
    const jar = await cookiesOf(options, place);
    for (const _ of group.urls) {
      const transfer = transfers[index++] as Transfer;
      endings.push(await perform(transfer, transport, jar, place));
    }
    transport.destroy();
  }
  return endings;
}

const last = (options: Options, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = options.get(name)?.at(-1);
    if (value !== undefined) return value;
  }
  return undefined;
};

function transportOptions(options: Options, place: Place): TransportOptions {
  const result: TransportOptions = { proxy: false };
  const proxy = last(options, "proxy");
  if (proxy !== undefined && proxy !== "") {
    const url = new URL(/^[a-z0-9]+:\/\//i.test(proxy) ? place.fill(proxy) : `http://${place.fill(proxy)}`);
    const [user, password] = (last(options, "proxy-user") ?? "").split(/:(.*)/s);
    if (user) url.username = encodeURIComponent(user);
    if (password) url.password = encodeURIComponent(password);
    const without = place
      .fill(last(options, "noproxy") ?? "")
      .split(",")
      .map((host) => host.trim().toLowerCase());
    result.proxy = (request) => {
      const { hostname } = new URL(request.url);
      return without.some(
        (host) =>
          host === "*" ||
          (host !== "" && (hostname === host || hostname.endsWith(`.${host.replace(/^\./, "")}`))),
      )
        ? null
        : url;
    };
    if (options.has("proxy-digest")) result.proxyAuth = "digest";
  }
  if (options.has("resolve") || options.has("connect-to")) {
    // Whatever the name, the server is this one.
    result.dial = () =>
      new Promise((resolve, reject) => {
        const socket = connect(place.port, "127.0.0.1");
        socket.once("connect", () => resolve(socket)).once("error", reject);
      });
  }
  return result;
}

async function cookiesOf(options: Options, place: Place): Promise<CookieStore | undefined> {
  const sources = (options.get("cookie") ?? []).filter((value) => !value.includes("="));
  if (sources.length === 0 && !options.has("cookie-jar")) return undefined;
  const jar = await openCookieJar();
  for (const source of sources) {
    let text = "";
    try {
      text = readFileSync(place.fill(source), "latin1");
    } catch {
      // As curl has it: a file that is not there turns cookies on.
    }
    for (const line of text.split(/\r?\n/)) load(jar, line, place);
  }
  return jar;
}

/** A line of a Netscape cookie file, or a `Set-Cookie` field. */
function load(jar: CookieStore, line: string, place: Place): void {
  const field = /^set-cookie:(.*)/i.exec(line)?.[1];
  if (field !== undefined) {
    jar.store(`http://127.0.0.1:${place.port}/`, [field.trim()]);
    return;
  }
  const [domain = "", below, path = "/", secure, expires, name, value = ""] = line
    .replace(/^#HttpOnly_/, "")
    .split("\t");
  if (domain.startsWith("#") || name === undefined) return;
  const host = domain.replace(/^\./, "");
  const until = Number(expires) > 0 ? `; Expires=${new Date(Number(expires) * 1000).toUTCString()}` : "";
  const attributes = `; Path=${path}${below === "TRUE" ? `; Domain=${host}` : ""}${secure === "TRUE" ? "; Secure" : ""}${until}`;
  jar.store(`${secure === "TRUE" ? "https" : "http"}://${host}/`, [`${name}=${value}${attributes}`]);
}

async function perform(
  { url, options }: Transfer,
  transport: Transport,
  jar: CookieStore | undefined,
  place: Place,
): Promise<Ending> {
  try {
    const filled = place.fill(url);
    let target = new URL(/^https?:\/\//i.test(filled) ? filled : `http://${filled}`);
    const clientOptions: ClientOptions = {
      transport,
      baseURL: target.origin,
      redirect: options.has("location") ? "follow" : "manual",
      decompress: options.has("compressed"),
      throwOnError: options.has("fail") || options.has("fail-with-body"),
      ...(jar === undefined ? {} : { cookies: jar }),
      ...(options.has("max-filesize") ? { maxResponseBytes: Number(last(options, "max-filesize")) } : {}),
      timeout: Number(last(options, "max-time") ?? 5) * 1000,
      ...(options.has("retry")
        ? { retry: { attempts: Number(last(options, "retry")) + 1, backoff: { base: 1 } } }
        : {}),
    };
    const redirects = Number(last(options, "max-redirs") ?? 50);
    clientOptions.maxRedirects = redirects < 0 ? 1000 : redirects;
    const user = last(options, "user");
    const bearer = last(options, "oauth2-bearer");
    if (user !== undefined) {
      const [username = "", password = ""] = place.fill(user).split(/:(.*)/s);
      clientOptions.auth = { username, password, type: options.has("digest") ? "digest" : "basic" };
    } else if (bearer !== undefined) clientOptions.auth = { bearer };
    const init = initOf(options, place);
    if (options.has("get") && typeof init.body === "string") {
      target = new URL(target.href + (target.search === "" ? "?" : "&") + init.body);
      delete init.body;
      init.method = last(options, "request") ?? (options.has("head") ? "HEAD" : "GET");
    }
    for (const query of options.get("url-query") ?? [])
      target = new URL(target.href + (target.search === "" ? "?" : "&") + query);
    if (options.has("upload-file") && target.pathname.endsWith("/"))
      target.pathname += basename(place.fill(last(options, "upload-file") ?? ""));
    const response = await new Client(clientOptions).fetch(target, init);
    return { status: response.status, body: Buffer.from(await response.bytes()).toString("latin1") };
  } catch (error) {
    if (error instanceof HTTPError) await error.response.close();
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function initOf(options: Options, place: Place): Init {
  const headers: [string, string][] = [];
  const init: Init = { headers };
  for (const line of options.get("header") ?? []) {
    const [, name = "", value = ""] = /^([^:;]+)[:;]\s*(.*)$/.exec(place.fill(line)) ?? [];
    if (name !== "" && value !== "") headers.push([name, value]);
  }
  const named = (name: string): boolean => headers.some(([other]) => other.toLowerCase() === name);
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !named(name)) headers.push([name, value]);
  };
  add("user-agent", last(options, "user-agent"));
  add("referer", last(options, "referer")?.replace(/;auto$/, ""));
  add("range", options.has("range") ? `bytes=${last(options, "range")}` : undefined);
  const cookies = (options.get("cookie") ?? []).filter((value) => value.includes("="));
  if (cookies.length > 0) add("cookie", cookies.join("; "));
  const pieces = dataOf(options, place);
  if (pieces !== undefined) {
    init.body = pieces;
    add("content-type", options.has("json") ? "application/json" : "application/x-www-form-urlencoded");
    if (options.has("json")) add("accept", "application/json");
  } else if (options.has("form") || options.has("form-string")) init.body = formOf(options, place);
  else if (options.has("upload-file")) {
    const file = place.fill(last(options, "upload-file") ?? "");
    init.body = file === "-" || file === "." ? Buffer.from(place.stdin, "latin1") : readFileSync(file);
  }
  const method = options.has("upload-file")
    ? "PUT"
    : init.body !== undefined
      ? "POST"
      : options.has("head")
        ? "HEAD"
        : "GET";
  init.method = last(options, "request") ?? method;
  if ((init.method === "GET" || init.method === "HEAD") && !options.has("get")) delete init.body;
  return init;
}

function dataOf(options: Options, place: Place): string | undefined {
  const pieces: string[] = [];
  const read = (value: string): string =>
    value === "-" ? place.stdin : readFileSync(place.fill(value), "latin1");
  for (const [name, values] of options) {
    for (const raw of values) {
      const value = place.fill(raw);
      if (name === "data" || name === "data-ascii")
        pieces.push(value.startsWith("@") ? read(value.slice(1)).replace(/[\r\n\0]/g, "") : value);
      else if (name === "data-binary" || name === "json")
        pieces.push(value.startsWith("@") ? read(value.slice(1)) : value);
      else if (name === "data-raw") pieces.push(value);
      else if (name === "data-urlencode") {
        const [, field = "", text = ""] = /^([^=@]*=)?(.*)$/s.exec(value) ?? [];
        pieces.push(field.replace(/^=$/, "") + encodeURIComponent(text));
      }
    }
  }
  return pieces.length === 0 ? undefined : pieces.join(options.has("json") ? "" : "&");
}

function formOf(options: Options, place: Place): FormData {
  const form = new FormData();
  for (const field of [...(options.get("form") ?? []), ...(options.get("form-string") ?? [])]) {
    const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(place.fill(field)) ?? [];
    if (value.startsWith("@"))
      form.append(
        name,
        new Blob([value === "@-" ? place.stdin : readFileSync(value.slice(1))]),
        basename(value.slice(1)),
      );
    else form.append(name, value.startsWith("<") ? readFileSync(value.slice(1), "latin1") : value);
  }
  return form;
}
