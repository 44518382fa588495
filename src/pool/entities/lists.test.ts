import assert from "node:assert/strict";
import { test } from "node:test";
import { TicketList, WaitQueue } from "./lists.js";
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
