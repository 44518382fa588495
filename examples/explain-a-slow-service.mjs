// A service that sends ten requests at once with a cap of two idle connections, and that looks only at the status of some
// large responses. Nothing fails; it is only slower than it could be. `explain()` says why, and then we follow its advice.
// Run it with `node examples/explain-a-slow-service.mjs`; in a clone, `npm run build` first.
import { Client, Transport } from "trunkline";
import { FriendlyServer } from "trunkline/testing";

const server = await FriendlyServer.start();

/** Twenty rounds of ten requests at once, then five looks at a large resource. */
async function work(transport, look) {
  const client = new Client({ transport, baseURL: server.origin });
  server.resetCounts();
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, () => client.get("/delay/5").text()));
  }
  for (let turn = 0; turn < 5; turn++) await look(client);
  console.log(String(transport.explain()));
  await transport.close();
  console.log(`(the server accepted ${server.connections} connections)\n`);
}

await work(new Transport({ maxIdleConnectionsPerOrigin: 2 }), async (client) => {
  const response = await client.get("/bytes/1000000");
  if (!response.ok) console.log("not there");
  await response.close();
});

console.log("The advice taken: no cap of two, and HEAD where only the status matters.\n");
await work(new Transport(), async (client) => {
  const response = await client.head("/bytes/1000000");
  if (!response.ok) console.log("not there");
});

await server.close();
