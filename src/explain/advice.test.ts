import assert from "node:assert/strict";
import { test } from "node:test";
import { Advice } from "./advice.js";
import type { ClientFacts } from "./facts.js";

const owner = (more: Partial<ClientFacts>): ClientFacts => ({
  process: "1",
  client: "node:http",
  type: "Agent",
  site: "/app.mjs:1:1",
  created: 20,
  requests: 20,
  ...more,
});

test("Advice: keeps the program's own class and options", () => {
  const own = new Advice("node:http", {
    secure: true,
    owner: owner({ constructedAs: "https.Agent", options: "rejectUnauthorized: false, ca: …" }),
  });
  assert.match(
    own.shareOne(),
    /const agent = new https\.Agent\(\{ keepAlive: true, rejectUnauthorized: false, ca: … \}\)/,
  );
  assert.match(
    own.connectionCap(20),
    /new https\.Agent\(\{ keepAlive: true, maxSockets: 20, rejectUnauthorized: false, ca: … \}\)/,
  );
});

test("Advice: a value that is in force is replaced, not repeated", () => {
  const own = new Advice("node:http", {
    owner: owner({ constructedAs: "http.Agent", options: "keepAlive: true, maxFreeSockets: 2" }),
  });
  assert.match(own.idleCap(40), /new http\.Agent\(\{ maxFreeSockets: 40, keepAlive: true \}\)/);
});

test("Advice: a proxy's agent stays one, and its address is not made up", () => {
  const proxy = new Advice("undici", {
    owner: owner({ client: "undici", type: "ProxyAgent", constructedAs: "ProxyAgent" }),
  });
  assert.match(proxy.shareOne(), /const dispatcher = new ProxyAgent\(…\)/);
  const old = new Advice("node:http", {
    secure: true,
    owner: owner({
      type: "HttpsProxyAgent",
      constructedAs: "HttpsProxyAgent",
      classFrom: "https-proxy-agent@5.0.1",
    }),
  });
  assert.match(old.keepAliveOn(), /https-proxy-agent@7/);
});

test("Advice: what a package makes is said in the words of the package", () => {
  const inside = (madeIn: string): Advice => new Advice("node:http", { owner: owner({ madeIn }) });
  assert.match(inside("@smithy/node-http-handler@4.0.0").shareOne(), /new S3Client/);
  assert.match(inside("@elastic/transport@8.0.0").shareOne(), /new Client\(\{ node \}\)/);
  assert.match(inside("aws-sdk@2.1.0").keepAliveOn(), /AWS_NODEJS_CONNECTION_REUSE_ENABLED=1/);
  assert.match(inside("some-sdk@1.0.0").shareOne(), /some-sdk@1\.0\.0 makes them, called at \/app\.mjs:1:1/);
});

test("Advice: an https origin gets an https agent, in the words of the package that sends", () => {
  const axios = new Advice("node:http", { secure: true, package: "axios" });
  assert.match(axios.keepAliveOn(), /as `httpsAgent` of axios.*new https\.Agent/);
  assert.doesNotMatch(axios.readBodies(), /cancel/);
  assert.match(new Advice("fetch").readBodies(), /await response\.arrayBuffer\(\)/);
});

test("Advice: agentkeepalive has an option of its own for idle connections", () => {
  const kept = new Advice("node:http", {
    owner: owner({
      constructedAs: "Agent",
      classFrom: "agentkeepalive@4.6.0",
      options: "freeSocketTimeout: 300",
    }),
  });
  assert.match(kept.idleTimeout(4000), /new Agent\(\{ keepAlive: true, freeSocketTimeout: 4000 \}\)/);
});
