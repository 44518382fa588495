// The question behind this project, in code: a new client in every task, are the TCP connections closed?
// Run it with `node examples/founding-question.mjs`; in a clone, `npm run build` first.
import { createServer } from "node:http";

import { Client, Request } from "trunkline";

// A server that counts the connections it accepts and checks what it receives.
let connections = 0;
const received = new Map();
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const types = request.rawHeaders.filter(
    (name, at) => at % 2 === 0 && name.toLowerCase() === "content-type",
  ).length;
  const seen = `${types} content-type ${request.headers["content-type"]}, body ${Buffer.concat(chunks)}`;
  received.set(seen, (received.get(seen) ?? 0) + 1);
  response.end("ok");
});
server.on("connection", () => connections++);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

async function task(seconds, params) {
  const client = new Client({ timeout: seconds * 1000 }); // one per task, on purpose
  const values = new URLSearchParams();
  values.append("data", params);
  const request = new Request(url, { method: "POST", body: values.toString() });
  request.headers.set("content-type", "application/x-www-form-urlencoded"); // append would add a second one to that of the body
  const response = await client.do(request);
  await response.text();
}

/** The same in short. */
async function shortTask(seconds, params) {
  const client = new Client({ timeout: seconds * 1000 });
  await client.post(url, { form: { data: params } }).text();
}

for (let turn = 0; turn < 10; turn++) await task(5, "hello");
for (let turn = 0; turn < 10; turn++) await shortTask(5, "hello");

for (const [seen, times] of received) console.log(`${times} requests with ${seen}`);
console.log(
  `20 clients, one after another: ${connections} ${connections === 1 ? "connection" : "connections"}`,
);
server.close();
server.closeAllConnections();
