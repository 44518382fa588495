// An agent with keep-alive shared by ten tasks, with HEAD and POST among their requests.
import http from "node:http";
import { get, serve, times, together } from "../server.mjs";

const server = await serve({
  handler(request, response) {
    request.resume();
    request.on("end", () => response.writeHead(200, { "content-length": 2 }).end("ok"));
  },
});
const agent = new http.Agent({ keepAlive: true });
const methods = ["GET", "HEAD", "POST"];
await together(10, () => times(15, (index) => get(server.url, { agent, method: methods[index % 3] })));
agent.destroy();
server.close();
