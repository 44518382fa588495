import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Group } from "./curl-command.js";
import type { Ending, Place } from "./trunkline-transfers.js";

/** Exit code of curl for an option that it does not have. */
const UNKNOWN_OPTION = 2;

/** The same transfers by curl, with a file for each body. Undefined when this curl lacks one of the options. */
export async function curlAll(
  groups: readonly Group[],
  folder: string,
  place: Place,
): Promise<Ending[] | undefined> {
  const words: string[] = ["-q"];
  const outputs: string[] = [];
  const heads: boolean[] = [];
  for (const [i, { words: options, urls }] of groups.entries()) {
    if (i > 0) words.push("--next");
    words.push(
      "-sS",
      "--http1.1",
      "--max-time",
      "5",
      "-w",
      "%{http_code} %{exitcode}\\n",
      ...options.map((word) => place.fill(word)),
    );
    for (const url of urls) {
      heads.push(options.includes("--head"));
      outputs.push(join(folder, `body-${outputs.length}`));
      words.push("-o", outputs.at(-1) as string, "--url", place.fill(url));
    }
  }
  const child = spawn("curl", words, {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  let told = "";
  let complaint = "";
  child.stdout.on("data", (data: Buffer) => {
    told += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    complaint += data.toString();
  });
  child.stdin.on("error", () => {});
  child.stdin.end(Buffer.from(place.stdin, "latin1"));
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  if (code === UNKNOWN_OPTION && told === "") return undefined;
  const lines = told.trim().split("\n");
  return outputs.map((output, i): Ending => {
    const [status = "0", exit = "1"] = (lines[i] ?? "").split(" ");
    if (exit !== "0") return { error: complaint.trim().split("\n").at(-1) ?? `exit code ${exit}` };
    // Of HEAD, curl writes the head out.
    const body = !heads[i] && existsSync(output) ? readFileSync(output, "latin1") : "";
    return { status: Number(status), body };
  });
}
