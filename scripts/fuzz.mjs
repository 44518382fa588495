// `npm run fuzz [-- seconds [seed]]`: sets up, compiles, and runs the differential fuzzer of the response parser.
import { join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { compiled, run } from "./lib/project.mjs";
import { ensureDependencies, requireNode } from "./lib/setup.mjs";

requireNode();
await ensureDependencies();
await compile();
process.exitCode = await run(process.execPath, [
  "--enable-source-maps",
  join(compiled, "test/fuzz/parser.js"),
  ...process.argv.slice(2),
]);
