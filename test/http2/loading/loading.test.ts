import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// The code of HTTP/2 loads beside the first dial that may need it. Here it takes as long as each scenario wants, which
// needs a process of its own.

const program = fileURLToPath(new URL("./program.js", import.meta.url));
const run = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", program, ...args]);
  return stdout;
};

for (const name of JSON.parse(await run()) as string[]) {
  test(`a dial that is done before the code of HTTP/2 is there waits for it: ${name}`, async () => {
    assert.equal(await run(name), "done\n");
  });
}
