import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Driver, Outcome, Task } from "./scenario.js";
import { urlOf } from "./trunkline-driver.js";

export interface GoDriver extends Driver, Disposable {
  /** `go1.26.8` */
  readonly version: string;
}

/** The program of `go/main.go`: it takes a task a line, and answers with the outcomes, a line each. */
export async function startGoDriver(program: string): Promise<GoDriver> {
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${program} ended`);
    return value as string;
  };
  const version = await next();
  return {
    name: "Go",
    version,
    async run(task: Task) {
      const resolve = (step: Task["scenario"]["steps"][number]): unknown => {
        if ("pause" in step) return step;
        const calls = "url" in step ? [step] : step;
        return { calls: calls.map((call) => ({ ...call, url: urlOf(call, task) })) };
      };
      const { options = {}, steps } = task.scenario;
      child.stdin.write(`${JSON.stringify({ options, secure: task.secure, steps: steps.map(resolve) })}\n`);
      return JSON.parse(await next()) as Outcome[];
    },
    [Symbol.dispose]() {
      child.stdin.end();
    },
  };
}
