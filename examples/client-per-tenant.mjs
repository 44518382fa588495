// Clients are policy and cost almost nothing: make one for each tenant, with its own credentials and time limit. They
// share the transport's connections, because credentials travel with the request, not with the connection.
// Run it with `node examples/client-per-tenant.mjs`; in a clone, `npm run build` first.
import { Client } from "trunkline";
import { FriendlyServer } from "trunkline/testing";

const server = await FriendlyServer.start();

const tenants = Array.from({ length: 50 }, (_, index) => ({
  name: `tenant-${index + 1}`,
  token: `token-of-${index + 1}`,
  timeout: 2_000 + index,
}));

let right = 0;
for (const { name, token, timeout } of tenants) {
  const client = new Client({
    baseURL: server.origin,
    timeout,
    auth: { bearer: token },
    headers: { "x-tenant": name },
  });
  const { headers } = await client.post("/echo", { json: { hello: name } }).json();
  if (headers.includes(`Bearer ${token}`) && headers.includes(name)) right++;
}

console.log(
  `${tenants.length} tenants, ${right} with their own credentials, ${server.connections} connection`,
);
await server.close();
