// https-proxy-agent 5 keeps no connections whatever it is told. Mended: version 7, told to.
import https from "node:https";
import { HttpsProxyAgent } from "https-proxy-agent";
import old from "https-proxy-agent5";
import { certified, get, mended, serve, serveTunnels, times } from "../server.mjs";

const server = await serve({ tls: await certified("localhost"), host: "localhost" });
const proxy = await serveTunnels();
const agent = mended
  ? new HttpsProxyAgent(proxy.url, { keepAlive: true })
  : new old.HttpsProxyAgent(proxy.url);
https.globalAgent.options.rejectUnauthorized = false;
await times(12, () => get(`https://localhost:${server.port}`, { agent, rejectUnauthorized: false }));
agent.destroy();
server.close();
proxy.close();
