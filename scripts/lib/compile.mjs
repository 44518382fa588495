// Compiles src/ and test/ to .build/, where tests run.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiled, entries, root, run, tsc } from "./project.mjs";

/** Type-checks and emits. Resolves to false when there are type errors (the JavaScript is written all the same). */
export async function compile() {
  mkdirSync(compiled, { recursive: true });
  // Compiled tests and examples that import "trunkline" get the compiled sources beside them, not dist/.
  const exports = {};
  for (const entry of entries()) {
    if (entry.subpath) exports[entry.subpath] = `./${entry.source.replace(/\.ts$/, ".js")}`;
  }
  writeFileSync(
    join(compiled, "package.json"),
    JSON.stringify({ name: "trunkline", type: "module", exports }, null, 2),
  );
  const link = join(compiled, "node_modules");
  if (!existsSync(link)) symlinkSync(join(root, "node_modules"), link, "junction");
  return (await run(process.execPath, [tsc, "-p", "."])) === 0;
}
