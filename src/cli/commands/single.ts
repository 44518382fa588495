import { Client, type Response, type Transport } from "../../index.js";
import type { Context } from "../context.js";
import { CommandFailure, exitCode } from "../exit.js";
import { duration, Progress, size } from "../render/index.js";
import { printable } from "../terminal.js";
import { writeBody } from "./body-output.js";
import { Heads, headOf } from "./heads.js";
import type { Plan } from "./plan.js";
import type { RequestResults } from "./request-results.js";

/** One request: its body goes where the plan says; resolves to the exit code. */
export async function sendOne(
  plan: Plan,
  transport: Transport,
  results: RequestResults,
  context: Context,
): Promise<number> {
  const { stdout, stderr, interrupted } = context;
  const client = new Client({ transport });
  const started = performance.now();
  let received = 0;
  let expected = "";
  // A body that scrolls by on this terminal is its own progress.
  const visible = stdout.isTerminal && plan.output === undefined && !plan.json;
  const progress =
    visible || plan.silent ? undefined : new Progress(stderr, () => `${size(received)}${expected} received`);
  let response: Response | undefined;
  let bytes: number;
  try {
    const heads = plan.verbose ? new Heads(stderr, plan.method, plan.url) : undefined;
    response = await client.fetch(plan.target, {
      ...plan.init,
      signal: interrupted,
      ...heads?.init,
    });
    await heads?.show(response);
    if (plan.fail && response.status >= 400) {
      await response.close();
      throw new CommandFailure(`the server answered ${`${response.status} ${response.statusText}`.trim()}`);
    }
    if (plan.include) await stdout.line(headOf(response).map(printable).join("\n").concat("\n"));
    const length = Number(response.headers.get("content-length") ?? 0);
    if (length > 0) expected = ` of ${size(length)}`;
    bytes = await writeBody(response, plan.output, plan.json ? undefined : stdout, (sum) => {
      received = sum;
    });
  } catch (error) {
    if (interrupted.aborted) {
      await stderr.line("trunkline: interrupted");
      return exitCode.interrupted;
    }
    const sentence = error instanceof Error ? error.message : String(error);
    results.failedWith(sentence);
    if (error instanceof CommandFailure) throw error;
    await stderr.line(`${stderr.style.paint("red", "trunkline:")} ${printable(sentence)}`);
    return exitCode.failed;
  } finally {
    progress?.end();
  }
  const milliseconds = performance.now() - started;
  results.answered(response.status, milliseconds, bytes);
  const status = `${response.status} ${response.statusText}`.trim();
  if (plan.explain) {
    if (visible && bytes > 0) await stderr.line();
    await stderr.line(
      `${plan.method} ${plan.url}: ${printable(status)}, ${size(bytes)} in ${duration(milliseconds)}`,
    );
    await stderr.line(printable(String(response.why())));
  } else if (response.status >= 400 && !plan.silent && !plan.verbose) {
    await stderr.line(
      `${stderr.style.paint("yellow", "trunkline:")} the server answered ${printable(status)}`,
    );
  }
  return exitCode.ok;
}
