import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Transport } from "../../src/index.js";
import { KeyLog } from "../../src/transport/dial/tls-setup.js";

const folder = mkdtempSync(join(tmpdir(), "trunkline-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = process.platform === "win32" && "Windows has no such permissions";
const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** A file that everybody may read. */
function open(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, "old\n");
  chmodSync(path, 0o666);
  return path;
}

async function record(path: string): Promise<void> {
  const transport = new Transport();
  const recording = transport.recordTo(path);
  await recording.close();
  transport.destroy();
}

test("recordTo: the file is its owner's alone, when it is new and when it existed", { skip }, async () => {
  const old = open("old.jsonl");
  for (const path of [join(folder, "new.jsonl"), old]) {
    await record(path);
    assert.equal(modeOf(path), 0o600);
  }
});

test("recordTo: the file behind a link is its owner's alone", { skip }, async () => {
  const target = open("behind.jsonl");
  symlinkSync(target, join(folder, "link.jsonl"));
  await record(join(folder, "link.jsonl"));
  assert.equal(modeOf(target), 0o600);
});

test("recordTo: leaves the permissions of a device alone", { skip }, async () => {
  const before = modeOf("/dev/null");
  await record("/dev/null");
  assert.equal(modeOf("/dev/null"), before);
});

test("KeyLog: the file is its owner's alone, when it is new and when it existed", { skip }, () => {
  for (const path of [join(folder, "keys"), open("old-keys")]) {
    const log = new KeyLog(path);
    log.append(Buffer.from("a line\n"));
    assert.equal(modeOf(path), 0o600);
    chmodSync(path, 0o644);
    log.append(Buffer.from("another\n"));
    assert.equal(modeOf(path), 0o600);
  }
});
