import { Client, type Transport } from "../../index.js";
import type { Context } from "../context.js";
import { exitCode } from "../exit.js";
import { Progress } from "../render/progress.js";
import { duration, grouped, plural, size } from "../render/table.js";
import { type Output, printable } from "../terminal.js";
import { writeBody } from "./body-output.js";
import type { Plan } from "./plan.js";
import type { Tally } from "./tally.js";

/** Many requests, so many at once, each body read to its end; prints the summary unless JSON is asked for. */
export async function sendMany(
  plan: Plan,
  transport: Transport,
  tally: Tally,
  context: Context,
): Promise<number> {
  const { requests, concurrency } = plan.load!;
  const { stderr, interrupted } = context;
  const client = new Client({ transport });
  const progress = new Progress(stderr, () => {
    const failed = tally.failed === 0 ? "" : `, ${grouped(tally.failed)} failed`;
    return `${grouped(tally.requests)} of ${grouped(requests)}${failed}`;
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
        tally.answered(response.status, performance.now() - start, bytes);
      } catch (error) {
        if (interrupted.aborted) return;
        tally.failedWith(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  progress.end();
  const elapsed = performance.now() - started;
  if (!plan.json) await summarise(plan, transport, tally, elapsed, context);
  await sayFailures(tally, stderr);
  if (interrupted.aborted) return exitCode.interrupted;
  return tally.failed > 0 ? exitCode.failed : exitCode.ok;
}

async function summarise(
  plan: Plan,
  transport: Transport,
  tally: Tally,
  elapsed: number,
  { stdout, interrupted }: Context,
): Promise<void> {
  const { requests, concurrency } = plan.load!;
  const rate = elapsed > 0 ? grouped((tally.requests / elapsed) * 1000) : "0";
  const early = interrupted.aborted ? ` of ${grouped(requests)} (interrupted)` : "";
  const noun = tally.requests === 1 ? "request" : "requests";
  const title = `${grouped(tally.requests)}${early} ${plan.method} ${noun} to ${plan.url}`;
  await stdout.line(
    `${stdout.style.paint("bold", title)}, ${grouped(concurrency)} at once, in ${duration(elapsed)} (${rate} a second)`,
  );
  const statuses = [...tally.statuses]
    .sort(([left], [right]) => left - right)
    .map(([status, count]) => `${status}: ${grouped(count)}`);
  await stdout.line(
    `  answers   ${statuses.join(", ") || "none"}${tally.failed > 0 ? `; failed: ${grouped(tally.failed)}` : ""}`,
  );
  const { p50, p90, p99, max } = tally.latency();
  if (p50 !== undefined && p90 !== undefined && p99 !== undefined && max !== undefined) {
    await stdout.line(
      `  latency   p50 ${duration(p50)}, p90 ${duration(p90)}, p99 ${duration(p99)}, max ${duration(max)}`,
    );
  }
  await stdout.line(`  received  ${size(tally.received)}`);
  await stdout.line();
  await stdout.line(String(transport.explain()));
}

/** The commonest failures, so that a thousand of one kind are one line. */
async function sayFailures(tally: Tally, stderr: Output): Promise<void> {
  const ranked = [...tally.failures].sort(([, left], [, right]) => right - left);
  for (const [message, count] of ranked.slice(0, 3)) {
    await stderr.line(
      `${stderr.style.paint("red", "trunkline:")} ${plural(count, "request")} failed: ${printable(message)}`,
    );
  }
  if (ranked.length > 3)
    await stderr.line(`trunkline: and ${plural(ranked.length - 3, "other kind")} of failure`);
}
