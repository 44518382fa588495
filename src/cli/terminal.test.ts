import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { decideStyle, Output, printable } from "./terminal.js";

const utf8 = { LANG: "en_US.UTF-8" };

test("decideStyle: gives a terminal colours, pictures and Unicode, and a pipe none of the first two", () => {
  const terminal = decideStyle(true, 120, utf8);
  assert.deepEqual(
    [terminal.colour, terminal.pictures, terminal.unicode, terminal.columns],
    [true, true, true, 120],
  );
  const pipe = decideStyle(false, 80, utf8);
  assert.deepEqual([pipe.colour, pipe.pictures, pipe.unicode], [false, false, true]);
});

test("decideStyle: obeys NO_COLOR before FORCE_COLOR, and both before the terminal", () => {
  assert.equal(decideStyle(true, 80, { NO_COLOR: "1" }).colour, false);
  assert.equal(decideStyle(true, 80, { NO_COLOR: "1", FORCE_COLOR: "1" }).colour, false);
  assert.equal(decideStyle(true, 80, { NO_COLOR: "" }).colour, true);
  assert.equal(decideStyle(true, 80, { FORCE_COLOR: "0" }).colour, false);
  assert.equal(decideStyle(false, 80, { FORCE_COLOR: "1" }).colour, true);
  assert.equal(decideStyle(false, 80, { FORCE_COLOR: "1" }).pictures, true);
});

test("decideStyle: falls back to ASCII for a dumb terminal and for a locale that is not UTF-8", () => {
  assert.equal(decideStyle(true, 80, { ...utf8, TERM: "dumb" }).unicode, false);
  assert.equal(decideStyle(true, 80, { ...utf8, TERM: "dumb" }).colour, false);
  assert.equal(decideStyle(true, 80, { LANG: "C" }).unicode, false);
  assert.equal(decideStyle(true, 80, {}).unicode, false);
  assert.equal(decideStyle(true, 80, { ...utf8, LC_ALL: "POSIX" }).unicode, false);
  assert.equal(decideStyle(true, 80, { WT_SESSION: "id" }).unicode, true);
});

test("Style.paint: writes escape codes only where there is colour", () => {
  assert.equal(decideStyle(false, 80, {}).paint("red", "x"), "x");
  assert.equal(decideStyle(true, 80, {}).paint("red", "x"), "\u001b[31mx\u001b[39m");
});

test("printable: shows control characters as question marks", () => {
  assert.equal(printable("a\u001b[31mb\r\nc\u009b\u202e"), "a?[31mb??c??");
  assert.equal(printable("grün 已"), "grün 已");
});

test("Output: waits for a slow reader, and goes quiet when it is gone", async () => {
  let release: (() => void) | undefined;
  const slow = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      release = done;
    },
  });
  const output = new Output(slow, {});
  let written = false;
  const writing = output.write("text").then(() => {
    written = true;
  });
  await Promise.resolve();
  assert.equal(written, false);
  release?.();
  await writing;

  const gone = Object.assign(new Error("gone"), { code: "EPIPE" });
  const broken = new Output(new Writable({ highWaterMark: 1, write: (_c, _e, done) => done(gone) }), {});
  await broken.write("text");
  assert.equal(broken.broken, true);
  await broken.write("more");
});
