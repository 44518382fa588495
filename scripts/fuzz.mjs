// `npm run fuzz [-- seconds [seed]]`: sets up, compiles, and runs the fuzzers, each for so many seconds: the HTTP/1.1
// response parser beside Node's own, then HTTP/2's session and HPACK.
import { join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { compiled, run } from "./lib/project.mjs";
import { ensureDependencies, requireNode } from "./lib/setup.mjs";

requireNode();
await ensureDependencies();
await compile();
for (const fuzzer of ["parser", "http2"]) {
  const program = join(compiled, "test/fuzz", `${fuzzer}.js`);
  const code = await run(process.execPath, ["--enable-source-maps", program, ...process.argv.slice(2)]);
  if (code !== 0) process.exitCode = code;
}
