import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Where a folder of the test corpora is: below `TRUNKLINE_CORPORA`, else beside the checkout. Undefined when it is
 * absent, as in a clone without the corpora; the tests that need it then skip, saying so.
 */
export function corpus(name: string): string | undefined {
  const root = process.env["TRUNKLINE_CORPORA"] ?? resolve("..", "shared", "corpora");
  const folder = join(root, name);
  return existsSync(folder) ? folder : undefined;
}
