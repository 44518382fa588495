import { setTimeout as sleep } from "node:timers/promises";
import { Client, type Init, type Response, TimeoutError, Transport } from "../../src/index.js";
import type { Call, Driver, Options, Outcome, Task } from "./scenario.js";

/** Trunkline, with the options of a scenario. */
export const trunklineDriver: Driver = {
  name: "Trunkline",
  async run(task) {
    const { options = {}, steps } = task.scenario;
    const transport = new Transport({
      ...transportOptions(options),
      ...(task.secure ? { tls: { rejectUnauthorized: false } } : {}),
    });
    const client = new Client({ transport, ...clientOptions(options) });
    const outcomes: Outcome[] = [];
    try {
      for (const step of steps) {
        if ("pause" in step) await sleep(step.pause);
        else {
          const calls = (Array.isArray(step) ? step : [step]) as readonly Call[];
          outcomes.push(...(await Promise.all(calls.map((call) => perform(client, call, task)))));
        }
      }
    } finally {
      transport.destroy();
    }
    return outcomes;
  },
};

function transportOptions(options: Options): ConstructorParameters<typeof Transport>[0] {
  return {
    ...(options.headersTimeout === undefined ? {} : { headersTimeout: options.headersTimeout }),
    ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
    ...(options.maxConnections === undefined ? {} : { maxConnectionsPerOrigin: options.maxConnections }),
    ...(options.maxIdle === undefined ? {} : { maxIdleConnectionsPerOrigin: options.maxIdle }),
  };
}

function clientOptions(options: Options): ConstructorParameters<typeof Client>[0] {
  return {
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.cookies === undefined ? {} : { cookies: options.cookies }),
    ...(options.manual === true ? { redirect: "manual" as const } : {}),
    ...(options.maxRedirects === undefined ? {} : { maxRedirects: options.maxRedirects }),
    ...(options.decompress === undefined ? {} : { decompress: options.decompress }),
  };
}

/** `user:pass@/path` and `{B}/path` as whole URLs. */
export function urlOf(call: Call, { a, b, secure }: Task): string {
  const [, credentials = "", rest = ""] = /^([^/@]*@)?(.*)$/.exec(call.url) ?? [];
  const scheme = secure ? "https" : "http";
  return rest.startsWith("{B}")
    ? `${scheme}://${credentials}${b}${rest.slice(3)}`
    : `${scheme}://${credentials}${a}${rest}`;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, "latin1");
}

function initOf(call: Call, options: Options): Init {
  const headers = (call.headers ?? []).map(([name, value]) => [name, value] as [string, string]);
  const init: Init = { method: call.method ?? "GET", headers };
  const text = call.bodyBytes === undefined ? call.body : "u".repeat(call.bodyBytes);
  if (text !== undefined) {
    init.body = call.as === undefined || call.as === "whole" ? Buffer.from(text, "latin1") : once(text);
    if (call.as === "sized") headers.push(["content-length", String(call.declared ?? text.length)]);
  }
  if (call.trailers !== undefined)
    init.trailers = call.trailers.map(([name, value]) => [name, value] as [string, string]);
  if (options.expectContinue !== undefined && headers.some(([name]) => name.toLowerCase() === "expect")) {
    init.expectContinue = options.expectContinue;
    init.headers = headers.filter(([name]) => name.toLowerCase() !== "expect");
  }
  return init;
}

async function perform(client: Client, call: Call, task: Task): Promise<Outcome> {
  let response: Response;
  try {
    response = await client.fetch(urlOf(call, task), initOf(call, task.scenario.options ?? {}));
  } catch (error) {
    return { error: "head", timeout: error instanceof TimeoutError };
  }
  const { status, url } = response;
  const headers = record(response.headers);
  if (call.read === "nothing") return { status, url, headers };
  if (call.read === "close") {
    await response.close();
    return { status, url, headers };
  }
  let body = "";
  try {
    for await (const chunk of response) body += Buffer.from(chunk).toString("latin1");
    const trailers = record(await response.trailers);
    return {
      status,
      url,
      headers,
      body: short(body),
      ...(Object.keys(trailers).length > 0 ? { trailers } : {}),
    };
  } catch (error) {
    return { error: "body", timeout: error instanceof TimeoutError, status, url, headers, body: short(body) };
  }
}

const short = (body: string): string => (body.length > 2_000 ? `${body.length} bytes` : body);

function record(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of headers) found[name] = name in found ? `${found[name]}, ${value}` : value;
  return found;
}
