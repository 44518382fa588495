// "What if the cap were 10?" We record a run with a cap of two idle connections, replay the recording through the same
// pool with another setting, and then run the traffic again for real, to see whether the replay was right.
// Run it with `node examples/what-if.mjs`; in a clone, `npm run build` first.
import { Client, Transport, whatIf, whatIfText } from "trunkline";
import { FriendlyServer } from "trunkline/testing";

const server = await FriendlyServer.start();

/** Runs twenty rounds of ten requests at once, and returns what the recorder saw. */
async function run(options) {
  server.resetCounts();
  const transport = new Transport(options);
  const client = new Client({ transport, baseURL: server.origin });
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, () => client.get("/delay/5").text()));
  }
  const recording = transport.recording();
  await transport.close();
  return recording;
}

const recording = await run({ maxIdleConnectionsPerOrigin: 2 });
console.log(`with a cap of 2 the server accepted ${server.connections} connections`);
console.log(whatIfText(whatIf(recording, { maxIdleConnectionsPerOrigin: 10 })));

await run({ maxIdleConnectionsPerOrigin: 10 });
console.log(`with a cap of 10 the server accepted ${server.connections} connections`);
await server.close();
