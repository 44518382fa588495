import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { Context } from "../context.js";
import { parseOptions } from "../options.js";
import { packageOf } from "../package.js";
import { Output } from "../terminal.js";
import { answer, demo } from "./command.js";
import { goConnections, goNames, storedGo } from "./go.js";
import type { ScenarioResult } from "./scenario.js";

const program = new URL("../main.js", import.meta.url);

function collector(): { output: Output; text(): string } {
  let text = "";
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    text += chunk.toString();
    done();
  };
  return { output: new Output(new Writable({ write }), {}), text: () => text };
}

test("demo: interrupted at once, it prints what it has, which is nothing, and ends with 130", async () => {
  const stdout = collector();
  const stderr = collector();
  const context: Context = {
    stdout: stdout.output,
    stderr: stderr.output,
    readStdin: async () => new Uint8Array(),
    interrupted: AbortSignal.abort(),
    program,
  };
  assert.equal(await demo(parseOptions(["--json"], [{ name: "json", help: "" }]), context), 130);
  assert.deepEqual(JSON.parse(stdout.text()), { scenarios: [] });
  assert.equal(stderr.text(), "");
});

test("goNames: are the rows the Go program measures", (context) => {
  const source = new URL("examples/go/founding-question/main.go", packageOf(program).root);
  let text: string;
  try {
    text = readFileSync(source, "utf8");
  } catch {
    context.skip("the Go program is not in this copy of the package");
    return;
  }
  for (const name of Object.values(goNames)) assert.ok(text.includes(`"${name}"`), name);
});

test("goConnections: finds a row, and nothing where there is none", () => {
  assert.equal(goConnections(storedGo, goNames.clientEach, 100), 761);
  assert.equal(goConnections(storedGo, goNames.idleCap100, 1), undefined);
});

test("answer: is three sentences with the measured numbers and Go's", () => {
  const row = (name: string, connections: number): ScenarioResult => ({
    name,
    client: "trunkline",
    concurrency: 100,
    requests: 1000,
    connections,
    milliseconds: 1,
    reasons: { openedFor: {}, closed: {}, words: "" },
  });
  const text = answer(
    [
      row("new client each", 97),
      row("one shared client", 98),
      row("shared, idle cap 2", 777),
      row("new transport each", 1000),
      row("large bodies cancelled", 50),
    ],
    storedGo,
  );
  for (const number of ["97 connections", "98 with one shared", "761", "748", "135", "777 here", "1.19.8"]) {
    assert.ok(text.includes(number), `${number} in: ${text}`);
  }
  assert.equal(text.split(/\.(?:\s|$)/).filter((sentence) => sentence !== "").length, 3);
});
