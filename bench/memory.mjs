// `node bench/memory.mjs [--node 26] [--rounds 3]`: what the memory of 5,000 idle connections is made of, per connection.
import { parseArgs } from "node:util";
import { measure, startServer } from "./lib/processes.mjs";
import { rows } from "./lib/rows.mjs";
import { nodeBinary, setUp } from "./lib/setup.mjs";

const { values: options } = parseArgs({
  options: {
    node: { type: "string", default: process.versions.node.split(".")[0] },
    rounds: { type: "string", default: "3" },
    clients: { type: "string", default: "raw sockets,trunkline,undici request,node:http agent" },
    "no-build": { type: "boolean", default: false },
  },
});
const row = rows.find(({ name }) => name === "idle");

await setUp({ build: !options["no-build"] });
const node = await nodeBinary(Number(options.node));
const server = await startServer();
try {
  console.log("KB each              live JS   young gen.   other heap   outside the heap   resident");
  for (const client of options.clients.split(",")) {
    const rounds = [];
    for (let round = 0; round < Number(options.rounds); round += 1)
      rounds.push((await measure({ row, client, node, server, window: {} })).parts);
    print(client, rounds);
  }
} finally {
  await server.stop();
}

function print(client, rounds) {
  const median = (value) => rounds.map(value).sort((a, b) => a - b)[rounds.length >> 1];
  const columns = [
    median(({ live }) => live),
    median(({ young }) => young),
    median(({ live, heap, young }) => heap - young - live),
    median(({ resident, heap }) => resident - heap),
    median(({ resident }) => resident),
  ];
  const widths = [10, 13, 13, 19, 11];
  const cells = columns.map((value, index) => value.toFixed(1).padStart(widths[index]));
  console.log(client.padEnd(18) + cells.join(""));
}
