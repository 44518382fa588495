import assert from "node:assert/strict";
import { test } from "node:test";
import { withOurs } from "./children.js";

test("withOurs: adds the two variables where an environment lacks them, and changes nothing else", () => {
  const ours = withOurs(["A=1"], "/f", "/p/doctor/register.cjs");
  assert.deepEqual(ours, [
    "A=1",
    "TRUNKLINE_DOCTOR_FOLDER=/f",
    'NODE_OPTIONS=--require "/p/doctor/register.cjs"',
  ]);
  assert.deepEqual(withOurs(ours, "/f", "/p/doctor/register.cjs"), ours);
  const kept = withOurs(["NODE_OPTIONS=--title=x"], "/f", "/p/doctor/register.cjs");
  assert.equal(kept[0], 'NODE_OPTIONS=--require "/p/doctor/register.cjs" --title=x');
});
