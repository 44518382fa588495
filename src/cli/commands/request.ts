import { Transport, type TransportOptions } from "../../index.js";
import type { Run } from "../command.js";
import { UsageError } from "../exit.js";
import type { ParsedOptions } from "../options.js";
import { connectionStory } from "../render/index.js";
import { sendMany } from "./load.js";
import { makePlan } from "./plan.js";
import { RequestResults, requestDocument } from "./request-results.js";
import { sendOne } from "./single.js";

/** `trunkline [request] <url>`. */
export const request: Run = async (options, context) => {
  const plan = await makePlan(options, context);
  const { stdout, stderr } = context;
  const transport = makeTransport(options, plan.url);
  const results = new RequestResults();
  try {
    return await (plan.load === undefined ? sendOne : sendMany)(plan, transport, results, context);
  } finally {
    if (plan.explain) {
      for (const line of connectionStory(transport.recording(), stderr.style)) await stderr.line(line);
    }
    if (plan.json)
      await stdout.line(
        JSON.stringify(requestDocument(plan.url, results, transport.explain()), undefined, 2),
      );
    transport.destroy();
  }
};

function makeTransport(options: ParsedOptions, url: string): Transport {
  const proxy = options.value("proxy");
  const own: TransportOptions = {
    ...(options.has("insecure") ? { tls: { rejectUnauthorized: false } } : {}),
    ...http2Of(options, url),
  };
  if (proxy === undefined) return new Transport(own);
  try {
    return new Transport({ ...own, proxy: proxy === "none" ? false : proxy });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(why.replace("the option proxy", "--proxy"));
  }
}

function http2Of(options: ParsedOptions, url: string): Pick<TransportOptions, "http2"> {
  const known = options.has("http2-prior-knowledge");
  if (options.has("http1.1")) {
    if (known) throw new UsageError("--http1.1 and --http2-prior-knowledge cannot be combined");
    return { http2: false };
  }
  if (known && url.startsWith("https:")) {
    throw new UsageError(
      "--http2-prior-knowledge is for http: URLs; over https, HTTP/2 is used by default if the server supports it",
    );
  }
  return known ? { http2: { priorKnowledge: true } } : {};
}
