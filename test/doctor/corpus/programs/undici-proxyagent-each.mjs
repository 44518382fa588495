// A ProxyAgent of undici for each request. Mended: one for all, which still goes through the proxy.
import { certified, mended, serve, serveTunnels, times, turn } from "../server.mjs";

const { ProxyAgent, request } = await import(process.argv[2]);
const server = await serve({ tls: await certified("localhost"), host: "localhost" });
const proxy = await serveTunnels();
const made = () => new ProxyAgent({ uri: proxy.url, requestTls: { rejectUnauthorized: false } });
const shared = made();
await times(12, async () => {
  const dispatcher = mended ? shared : made();
  await (await request(`https://localhost:${server.port}`, { dispatcher })).body.text();
  await turn();
});
process.exit();
