import assert from "node:assert/strict";
import { test } from "node:test";
import { IdleOrder, MemberSet, RouteList, TicketList, WaitQueue } from "./lists.js";
import { Waiter } from "./waiter.js";

function waiters(count: number): Waiter<string>[] {
  return Array.from({ length: count }, (_, index) => {
    const waiter = new Waiter<string>();
    waiter.ticket = index + 1;
    return waiter;
  });
}

test("WaitQueue: keeps the order, when waiters leave from the front, the middle and the end", () => {
  for (const leaving of [0, 1, 2]) {
    const queue = new WaitQueue<Waiter<string>>();
    const all = waiters(3);
    for (const waiter of all) queue.push(waiter);
    queue.remove(all[leaving] as Waiter<string>);
    const fourth = new Waiter<string>();
    queue.push(fourth);
    const left: Waiter<string>[] = [];
    for (let waiter = queue.head; waiter !== undefined; waiter = waiter.queueNext) left.push(waiter);
    assert.deepEqual(left, [...all.filter((_, index) => index !== leaving), fourth]);
    for (const waiter of left) queue.remove(waiter);
    assert.equal(queue.head, undefined);
  }
});

test("TicketList: puts each waiter in its place, whatever order they come back in", () => {
  const all = waiters(4);
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [1, 3, 0, 2],
  ]) {
    const list = new TicketList<Waiter<string>>();
    for (const index of order) list.insert(all[index] as Waiter<string>);
    const tickets: number[] = [];
    for (let waiter = list.head; waiter !== undefined; waiter = waiter.newerBeside)
      tickets.push(waiter.ticket);
    assert.deepEqual(tickets, [1, 2, 3, 4]);
    assert.equal(list.size, 4);
    for (const waiter of all) list.remove(waiter);
    assert.equal(list.head, undefined);
    assert.equal(list.size, 0);
  }
});

class Linked {
  readonly ticket: number = 0;
  older: Linked | undefined = undefined;
  newer: Linked | undefined = undefined;
  idleBefore: Linked | undefined = undefined;
  idleAfter: Linked | undefined = undefined;
  routePrevious: Linked | undefined = undefined;
  routeNext: Linked | undefined = undefined;
  queuePrevious: Linked | undefined = undefined;
  queueNext: Linked | undefined = undefined;
  olderBeside: Linked | undefined = undefined;
  newerBeside: Linked | undefined = undefined;
}

const lists: [name: string, list: () => { add(one: Linked): void; remove(one: Linked): void }][] = [
  ["RouteList", () => adding(new RouteList<Linked>())],
  ["IdleOrder", () => adding(new IdleOrder<Linked>())],
  ["MemberSet", () => new MemberSet<Linked>()],
  ["WaitQueue", () => adding(new WaitQueue<Linked>())],
  ["TicketList", () => ticketed(new TicketList<Linked>())],
];

function adding(list: { push(one: Linked): void; remove(one: Linked): void }) {
  return { add: (one: Linked) => list.push(one), remove: (one: Linked) => list.remove(one) };
}

function ticketed(list: TicketList<Linked>) {
  return { add: (one: Linked) => list.insert(one), remove: (one: Linked) => list.remove(one) };
}

for (const [name, make] of lists) {
  test(`${name}: holds nothing by what has left, from whichever place`, () => {
    for (const leaving of [0, 1, 2]) {
      const list = make();
      const all = [new Linked(), new Linked(), new Linked()];
      for (const one of all) list.add(one);
      list.remove(all[leaving] as Linked);
      assert.deepEqual(all[leaving], new Linked());
      for (const one of all) if (one !== all[leaving]) list.remove(one);
      for (const one of all) assert.deepEqual(one, new Linked());
    }
  });
}

test("RouteList: has what is put at its old end behind all others", () => {
  const list = new RouteList<Linked>();
  const [one, two, three] = [new Linked(), new Linked(), new Linked()];
  list.unshift(one);
  assert.deepEqual([list.newest, list.oldest], [one, one]);
  list.push(two);
  list.unshift(three);
  assert.equal(list.newest, two);
  assert.equal(two.older, one);
  assert.equal(one.older, three);
  assert.equal(list.oldest, three);
  assert.equal(three.newer, one);
  list.remove(three);
  assert.equal(list.oldest, one);
  list.remove(two);
  list.remove(one);
  assert.deepEqual([list.newest, list.oldest], [undefined, undefined]);
});
