import { Transport } from "../../index.js";
import type { Run } from "../command.js";
import { UsageError } from "../exit.js";
import { connectionStory } from "../render/story.js";
import { sendMany } from "./load.js";
import { makePlan } from "./plan.js";
import { sendOne } from "./single.js";
import { requestDocument, Tally } from "./tally.js";

/** `trunkline [request] <url>`. */
export const request: Run = async (options, context) => {
  const plan = await makePlan(options, context);
  const { stdout, stderr } = context;
  const transport = makeTransport(options.value("proxy"), options.has("insecure"));
  const tally = new Tally();
  try {
    return await (plan.load === undefined ? sendOne : sendMany)(plan, transport, tally, context);
  } finally {
    if (plan.explain) {
      for (const line of connectionStory(transport.recording(), stderr.style)) await stderr.line(line);
    }
    if (plan.json)
      await stdout.line(JSON.stringify(requestDocument(plan.url, tally, transport.explain()), undefined, 2));
    transport.destroy();
  }
};

function makeTransport(proxy: string | undefined, insecure: boolean): Transport {
  const tls = insecure ? { tls: { rejectUnauthorized: false } } : {};
  if (proxy === undefined) return new Transport(tls);
  try {
    return new Transport({ ...tls, proxy: proxy === "none" ? false : proxy });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(why.replace("the option proxy", "--proxy"));
  }
}
