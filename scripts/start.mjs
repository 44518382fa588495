// `npm start`: sets the project up if that was not done, then runs the command line with the given arguments
// (none: the founding experiment). It runs in this process, so exit codes and signals are the program's own.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dist, fail } from "./lib/project.mjs";
import { ensureBundles, ensureDependencies, requireNode } from "./lib/setup.mjs";

requireNode();
await ensureDependencies();
await ensureBundles().catch(() =>
  fail("The program could not be built: esbuild's message above says where."),
);
const program = join(dist, "cli.js");
const args = process.argv.slice(2);
process.argv = [process.execPath, program, ...(args.length > 0 ? args : ["demo"])];
await import(pathToFileURL(program).href);
