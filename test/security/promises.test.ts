import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const text = readFileSync("SECURITY.md", "utf8");

/** The rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((row) => row.slice(2, -2).split(" | "));
}

/** The names of a file's tests, as they are written: of a template the fixed parts. */
function namesIn(file: string): string[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/\b(?:test|it)\(\s*(?:"([^"\n]*)"|`([^`]*)`)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

test("SECURITY.md: each promise has its tests beside it, and each of them exists", () => {
  const promises = rowsUnder("What is promised").map(([promise]) => promise);
  const tested = rowsUnder("Which tests check the promises");
  assert.ok(promises.length >= 13, `${promises.length} promises were found`);
  assert.deepEqual(
    tested.map(([promise]) => promise),
    promises,
  );
  const missing: string[] = [];
  for (const [promise, cell = ""] of tested) {
    const tests = [...cell.matchAll(/`([^`]+)` “([^”]+)”/g)];
    assert.ok(tests.length > 0, `${promise} names no test`);
    for (const [, file = "", name = ""] of tests) {
      if (existsSync(file) && namesIn(file).some((each) => each.includes(name))) continue;
      missing.push(`${promise}: ${file} “${name}”`);
    }
  }
  assert.deepEqual(missing, []);
});

test("package: nothing runs when it is installed", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(scripts[name], undefined);
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
  };
  const running = Object.entries(packages).filter(
    ([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript,
  );
  assert.deepEqual(running, []);
});

test("release: what it runs is pinned, and no token is in it", () => {
  for (const name of ["release", "ci"]) {
    const workflow = readFileSync(`.github/workflows/${name}.yml`, "utf8");
    const actions = [...workflow.matchAll(/uses: (\S+)/g)].map((match) => match[1] as string);
    assert.ok(actions.length >= 2);
    for (const action of actions) assert.match(action, /^[\w/-]+@[0-9a-f]{40}$/);
    assert.doesNotMatch(workflow, /secrets\.|NODE_AUTH_TOKEN/);
    for (const [, version] of workflow.matchAll(/npm install --global npm@(\S+)/g)) {
      assert.match(version as string, /^\d+\.\d+\.\d+$/);
    }
  }
  const release = readFileSync(".github/workflows/release.yml", "utf8");
  assert.match(release, /npm publish --provenance/);
  assert.match(release, /npm install --global npm@/);
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    devDependencies: Record<string, string>;
  };
  for (const range of Object.values(devDependencies)) assert.match(range, /^\d+\.\d+\.\d+$/);
});
