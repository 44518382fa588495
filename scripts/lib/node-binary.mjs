import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { capture, root, run } from "./project.mjs";

const attempts = 4;

/** The path of a node binary of this major version, fetched once into .cache/. */
export async function nodeBinary(major) {
  const folder = join(root, ".cache", `node-${major}`);
  const binary = join(folder, "bin/node");
  if (existsSync(binary)) return binary;
  const name = `node-${process.platform}-${process.arch}@${major}`;
  const staging = `${folder}-${process.pid}`;
  mkdirSync(staging, { recursive: true });
  try {
    for (let attempt = 1; ; attempt++) {
      const packed = await capture("npm", [
        "pack",
        name,
        "--json",
        "--ignore-scripts",
        "--pack-destination",
        staging,
      ]);
      if (packed.code === 0) {
        const tarball = join(staging, JSON.parse(packed.stdout)[0].filename);
        if (
          (await run("tar", ["-xzf", tarball, "-C", staging, "--strip-components=1"], { quiet: true })) !== 0
        ) {
          throw new Error(`${tarball} could not be unpacked`);
        }
        rmSync(tarball);
        break;
      }
      if (attempt === attempts)
        throw new Error(`npm pack ${name} failed ${attempts} times:\n${packed.stderr}`);
      console.error(`npm pack ${name} failed; trying again (${attempt} of ${attempts - 1})`);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return binary;
}
