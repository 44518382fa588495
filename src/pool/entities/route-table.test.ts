import assert from "node:assert/strict";
import { test } from "node:test";
import type { PoolRoute } from "./route.js";
import { RouteTable } from "./route-table.js";

const MOST = 4096;

/** Which of the routes the table still has. */
function kept(table: RouteTable<string>, routes: readonly PoolRoute<string>[]): boolean[] {
  return routes.map((route) => route.listed && table.current(route) === route);
}

test("RouteTable: forgets in the order in which routes came to rest, whichever was used meanwhile", () => {
  for (const used of [0, 1, 2]) {
    const table = new RouteTable<string>();
    const routes = Array.from({ length: 3 }, (_, index) => table.get(`r${index}`, "http://r", true));
    const route = routes[used] as PoolRoute<string>;
    table.use(route);
    for (let index = 0; index < MOST - 1; index += 1) table.get(`other ${index}`, "http://r", true);
    const oldest = used === 0 ? 1 : 0;
    assert.deepEqual(
      kept(table, routes),
      routes.map((_, index) => index !== oldest),
      `used: ${used}`,
    );
    table.rest(route);
    for (let index = 0; index < MOST - 1; index += 1) table.get(`more ${index}`, "http://r", true);
    assert.deepEqual(
      routes.map(({ listed }) => listed),
      routes.map((_, index) => index === used),
      "the one that rested last is left",
    );
  }
});

test("RouteTable: a route's way of carrying exchanges can be changed, again and again", () => {
  const table = new RouteTable<string>();
  const route = table.get("a", "http://a", true);
  assert.deepEqual([route.alwaysSingle, route.single], [true, true]);
  table.get("a", "http://a", false);
  route.limit = 3;
  table.get("a", "http://a", false);
  assert.deepEqual([route.alwaysSingle, route.single, route.limit], [false, false, 3]);
  table.get("a", "http://a", true);
  assert.deepEqual([route.alwaysSingle, route.single, route.limit], [true, true, undefined]);
});

test("RouteTable: takes up a route that was forgotten, where no other has its key", () => {
  const table = new RouteTable<string>();
  const route = table.get("a", "http://a", true);
  for (let index = 0; index < MOST; index += 1) table.get(`other ${index}`, "http://r", true);
  assert.equal(route.listed, false);
  table.rest(route);
  assert.equal(route.resting, false, "what is not in the table does not rest in it");
  assert.equal(table.current(route), route);
  assert.equal(route.listed, true);
  assert.equal(table.get("a", "http://a", true), route);
});

test("RouteTable: a route rests once, however often that is noted, and holds no neighbour when it is used", () => {
  const table = new RouteTable<string>();
  const routes = Array.from({ length: 3 }, (_, index) => table.get(`r${index}`, "http://r", true));
  for (const route of [...routes, ...routes]) table.rest(route);
  for (let index = 0; index < MOST - 3; index += 1) table.get(`other ${index}`, "http://r", true);
  assert.deepEqual(kept(table, routes), [true, true, true]);
  const [one, two] = routes as [PoolRoute<string>, PoolRoute<string>, PoolRoute<string>];
  table.use(two);
  assert.deepEqual([two.restingBefore, two.restingAfter, two.resting], [undefined, undefined, false]);
  table.use(two);
  table.get("one more", "http://r", true);
  assert.deepEqual(kept(table, routes), [true, true, true]);
  table.get("another", "http://r", true);
  assert.deepEqual(kept(table, routes), [false, true, true]);
  assert.equal(one.listed, false);
});
