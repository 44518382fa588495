// axios makes an agent for its `proxy` option, which keeps no connections. Mended: an agent of the program's own.
import axios from "axios";
import { HttpsProxyAgent } from "https-proxy-agent";
import { certified, mended, serve, serveTunnels, times, turn } from "../server.mjs";

const server = await serve({ tls: await certified("localhost"), host: "localhost" });
const proxy = await serveTunnels();
const { hostname, port } = new URL(proxy.url);
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const httpsAgent = new HttpsProxyAgent(proxy.url, { keepAlive: true });
const client = mended
  ? axios.create({ proxy: false, httpsAgent })
  : axios.create({ proxy: { protocol: "http", host: hostname, port: Number(port) } });
await times(12, async () => {
  await client.get(`https://localhost:${server.port}`);
  await turn();
});
httpsAgent.destroy();
server.close();
proxy.close();
