import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_SESSION_SERVERS, SessionCache } from "./session-cache.js";

const ticket = (name: string): Buffer => Buffer.from(name);

test("SessionCache: gives the newest ticket once, and the last one again and again", () => {
  const cache = new SessionCache();
  assert.equal(cache.take("a"), undefined);
  for (const name of ["1", "2", "3"]) cache.put("a", ticket(name));
  assert.equal(String(cache.take("a")), "3");
  assert.equal(String(cache.take("a")), "2", "only two are kept");
  assert.equal(String(cache.take("a")), "2");
});

test("SessionCache: forgets what the server would not resume", () => {
  const cache = new SessionCache();
  cache.put("a", ticket("1"));
  const taken = cache.take("a");
  assert.ok(taken);
  cache.drop("a", ticket("1"));
  assert.equal(cache.take("a"), taken, "another session of the same bytes is not it");
  cache.drop("a", taken);
  assert.equal(cache.take("a"), undefined);
  assert.equal(cache.size, 0);
});

test("SessionCache: drops the server used least recently when it is full", () => {
  const cache = new SessionCache();
  for (let index = 0; index < MAX_SESSION_SERVERS; index++) cache.put(`s${index}`, ticket("t"));
  assert.ok(cache.take("s0"));
  cache.put("one more", ticket("t"));
  assert.equal(cache.size, MAX_SESSION_SERVERS);
  assert.ok(cache.take("s0"), "it was used");
  assert.equal(cache.take("s1"), undefined);
});

test("SessionCache: what it holds is bounded in bytes, and a session that is too large is not kept", () => {
  const cache = new SessionCache();
  cache.put("huge", Buffer.alloc(65 * 1024));
  assert.equal(cache.take("huge"), undefined);
  for (let i = 0; i < 200; i += 1) {
    cache.put(`s${i}`, Buffer.alloc(60 * 1024));
    cache.put(`s${i}`, Buffer.alloc(60 * 1024));
  }
  assert.equal(cache.size, 34);
  assert.equal(cache.take("s165"), undefined);
  assert.notEqual(cache.take("s199"), undefined);
  cache.clear();
  cache.put("again", Buffer.alloc(10));
  assert.equal(cache.size, 1);
});
