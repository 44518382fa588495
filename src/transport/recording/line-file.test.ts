import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LineFile } from "./line-file.js";

test("LineFile: writes every line in order, whatever their size", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    const path = join(folder, "lines");
    const file = new LineFile(path);
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${"x".repeat(index % 300)}`);
    for (const line of lines) file.line(line);
    await file.close();
    await file.close();
    file.line("after the end");
    assert.equal(await readFile(path, "utf8"), lines.map((line) => `${line}\n`).join(""));
    assert.equal(file.dropped, 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("LineFile: what a slow disk leaves waiting is bounded, the rest is dropped and counted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trunkline-"));
  try {
    const file = new LineFile(join(folder, "lines"));
    const line = "x".repeat(1024 * 1024);
    for (let count = 0; count < 20; count += 1) file.line(line);
    assert.ok(file.dropped > 5, `${file.dropped} dropped`);
    await file.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
