// A small program of somebody else's: the packed package installed in a folder of its own, imported in every way it promises.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOf, capture, entries, root, tsc } from "./project.mjs";

const importable = () => entries().filter((entry) => entry.subpath !== undefined);
const nameOf = (entry) => `trunkline${entry.subpath.slice(1)}`;

/** Packs the project as npm would publish it. Resolves to npm's own description of the tarball. */
export async function pack(folder) {
  const { code, stdout, stderr } = await capture("npm", [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    folder,
  ]);
  if (code !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  const [tarball] = JSON.parse(stdout);
  return { ...tarball, path: join(folder, tarball.filename) };
}

/** Packs and installs into a new temporary folder; `remove` deletes it. */
export async function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-consumer-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const tarball = await pack(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
    const install = [
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      tarball.path,
    ];
    const { code, stderr } = await capture("npm", install, { cwd: folder });
    if (code !== 0) throw new Error(`installing the packed package failed:\n${stderr}`);
    return { folder, tarball, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Imports and requires every entry point with a node binary. Returns problems as sentences. */
export async function loadProblems(folder, node = process.execPath) {
  const problems = [];
  const attempt = async (what, args) => {
    // NODE_OPTIONS of the surrounding run must not help.
    const { code, stderr } = await capture(node, args, {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    if (code !== 0 || /Warning/.test(stderr))
      problems.push(`${what} fails or warns: ${stderr.trim().split("\n").slice(0, 6).join(" | ")}`);
  };
  for (const entry of importable()) {
    const name = JSON.stringify(nameOf(entry));
    if (entry.format === "cjs") {
      await attempt(`node --require ${nameOf(entry)}`, ["--require", nameOf(entry), "-e", "0"]);
      continue;
    }
    const some = "if (Object.keys(m).length === 0) throw new Error('it exports nothing')";
    await attempt(`import ${name}`, ["--input-type=module", "-e", `import * as m from ${name}; ${some}`]);
    await attempt(`require(${name})`, ["-e", `const m = require(${name}); ${some}`]);
    const same = `import * as a from ${name}; import { createRequire } from "node:module";
      const b = createRequire(import.meta.url)(${name});
      for (const k of Object.keys(a)) if (a[k] !== b[k]) throw new Error(k + " differs between import and require")`;
    writeFileSync(join(folder, "both.mjs"), same);
    await attempt(`import and require of ${name} together`, ["both.mjs"]);
  }
  return problems;
}

/** What takes and gives the platform's objects has to fit their types, Node's and the browser's. */
const platformProgram = `import { fetch, Headers, post, Request, Response } from "trunkline";
export const dropIn: typeof globalThis.fetch = fetch;
export const response: globalThis.Response = new Response();
export const headers: globalThis.Headers = new Headers();
export const request: globalThis.Request = new Request("http://a.test");
const bodies = [new FormData(), new Blob([]), new File([], "a"), new URLSearchParams(), new ReadableStream<Uint8Array>()];
for (const body of bodies) void post("http://a.test", { body });
void post("http://a.test", { body: null, signal: null, headers: new globalThis.Headers() });
void post("http://a.test", { headers: [["a", "b"]] as string[][], signal: AbortSignal.timeout(1) });
void fetch(new globalThis.Request("http://a.test"));
`;

/** Type-checks a module and a CommonJS program that use every entry point, declarations included. Returns problems. */
export async function typeProblems(folder) {
  const types = join(folder, "node_modules", "@types");
  if (!existsSync(types)) {
    mkdirSync(types);
    symlinkSync(join(root, "node_modules/@types/node"), join(types, "node"), "junction");
    const undici = join(folder, "node_modules/undici-types");
    if (!existsSync(undici)) symlinkSync(join(root, "node_modules/undici-types"), undici, "junction");
  }
  const names = importable()
    .filter((entry) => entry.format !== "cjs")
    .map(nameOf);
  const lines = names.map(
    (name, index) => `import * as m${index} from "${name}";\nexport type T${index} = keyof typeof m${index};`,
  );
  for (const file of ["program.mts", "program.cts"])
    writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "platform.mts"), platformProgram);
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--exactOptionalPropertyTypes",
    "--types",
    "node",
  ];
  const problems = [];
  for (const lib of ["es2023,esnext.disposable", "es2023,esnext.disposable,dom,dom.iterable"]) {
    // Not skipLibCheck: the declarations themselves are what is being checked.
    const check = [tsc, ...options, "--lib", lib, "program.mts", "program.cts", "platform.mts"];
    const { code, stdout } = await capture(process.execPath, check, { cwd: folder });
    if (code === 0) continue;
    problems.push(
      `the declarations do not type-check for a user of ${lib}: ${stdout.trim().split("\n").slice(0, 10).join(" | ")}`,
    );
  }
  return problems;
}

/** The files that `import "trunkline"` loads, found by following the static imports of dist/. */
export function staticFiles(folder, start, read) {
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const match of read(file).matchAll(/(?:^|\n)(?:import|export)(?:\s[^;"]*?from)?\s*"(\.[^"]+)"/g)) {
      visit(join(file, "..", match[1]));
    }
  };
  visit(join(folder, start));
  return [...seen];
}

export { bundleOf, importable };
