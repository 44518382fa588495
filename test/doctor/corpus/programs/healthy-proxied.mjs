// https through a proxy: the way to the proxy is no request and no connection of its own. The first argument is the
// client.
import { certified, get, serve, serveTunnels, times, turn } from "../server.mjs";

const [, , client] = process.argv;
const server = await serve({ tls: await certified("localhost"), host: "localhost" });
const proxy = await serveTunnels();
const url = `https://localhost:${server.port}`;
if (client.startsWith("undici")) {
  const { ProxyAgent, request } = await import(client);
  const dispatcher = new ProxyAgent({ uri: proxy.url, requestTls: { rejectUnauthorized: false } });
  await times(12, async () => {
    await (await request(url, { dispatcher })).body.text();
    await turn();
  });
  await dispatcher.close();
} else {
  const { HttpsProxyAgent } = await import(client);
  const agent = new HttpsProxyAgent(proxy.url, { keepAlive: true });
  await times(12, () => get(url, { agent, rejectUnauthorized: false }));
  agent.destroy();
}
server.close();
proxy.close();
