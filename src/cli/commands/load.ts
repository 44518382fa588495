import { grouped, plural } from "../../errors/index.js";
import { Client, type Transport } from "../../index.js";
import type { Context } from "../context.js";
import { exitCode } from "../exit.js";
import { duration, Progress, size } from "../render/index.js";
import { type Output, printable } from "../terminal.js";
import { writeBody } from "./body-output.js";
import type { Plan } from "./plan.js";
import type { RequestResults } from "./request-results.js";

/** Many requests, so many at once, each body read to its end; prints the summary unless JSON is asked for. */
export async function sendMany(
  plan: Plan,
  transport: Transport,
  results: RequestResults,
  context: Context,
): Promise<number> {
  const { requests, concurrency } = plan.load!;
  const { stderr, interrupted } = context;
  const client = new Client({ transport });
  const progress = new Progress(stderr, () => {
    const failed = results.failed === 0 ? "" : `, ${grouped(results.failed)} failed`;
    return `${grouped(results.requests)} of ${grouped(requests)}${failed}`;
  });
  const started = performance.now();
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < requests && !interrupted.aborted) {
      sent++;
      const start = performance.now();
      try {
        const response = await client.fetch(plan.target, { ...plan.init, signal: interrupted });
        const bytes = await writeBody(response, undefined, undefined);
        results.answered(response.status, performance.now() - start, bytes);
      } catch (error) {
        if (interrupted.aborted) return;
        results.failedWith(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  progress.end();
  const elapsed = performance.now() - started;
  if (!plan.json) await summarise(plan, transport, results, elapsed, context);
  await sayFailures(results, stderr);
  if (interrupted.aborted) return exitCode.interrupted;
  return results.failed > 0 ? exitCode.failed : exitCode.ok;
}

async function summarise(
  plan: Plan,
  transport: Transport,
  results: RequestResults,
  elapsed: number,
  { stdout, interrupted }: Context,
): Promise<void> {
  const { requests, concurrency } = plan.load!;
  const rate = elapsed > 0 ? grouped((results.requests / elapsed) * 1000) : "0";
  const early = interrupted.aborted ? ` of ${grouped(requests)} (interrupted)` : "";
  const noun = results.requests === 1 ? "request" : "requests";
  const title = `${grouped(results.requests)}${early} ${plan.method} ${noun} to ${plan.url}`;
  await stdout.line(
    `${stdout.style.paint("bold", title)}, ${grouped(concurrency)} at once, in ${duration(elapsed)} (${rate} a second)`,
  );
  const statuses = [...results.statuses]
    .sort(([left], [right]) => left - right)
    .map(([status, count]) => `${status}: ${grouped(count)}`);
  await stdout.line(
    `  answers   ${statuses.join(", ") || "none"}${results.failed > 0 ? `; failed: ${grouped(results.failed)}` : ""}`,
  );
  const { p50, p90, p99, max } = results.latency();
  if (p50 !== undefined && p90 !== undefined && p99 !== undefined && max !== undefined) {
    await stdout.line(
      `  latency   p50 ${duration(p50)}, p90 ${duration(p90)}, p99 ${duration(p99)}, max ${duration(max)}`,
    );
  }
  await stdout.line(`  received  ${size(results.received)}`);
  await stdout.line();
  await stdout.line(String(transport.explain()));
}

/** The commonest failures, so that a thousand of one kind are one line. */
async function sayFailures(results: RequestResults, stderr: Output): Promise<void> {
  const ranked = [...results.failures].sort(([, left], [, right]) => right - left);
  for (const [message, count] of ranked.slice(0, 3)) {
    await stderr.line(
      `${stderr.style.paint("red", "trunkline:")} ${plural(count, "request")} failed: ${printable(message)}`,
    );
  }
  if (ranked.length > 3)
    await stderr.line(`trunkline: and ${plural(ranked.length - 3, "other kind")} of failure`);
}
