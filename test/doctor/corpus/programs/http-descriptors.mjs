// More connections at once than the process may have descriptors. Mended: a limit on them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { get, mended, pause, serve, together } from "../server.mjs";

const [url] = process.argv.slice(-1);
if (url.startsWith("http://")) {
  const agent = new http.Agent({ keepAlive: true, ...(mended ? { maxSockets: 20 } : {}) });
  await together(300, () => get(url, { agent }).catch(() => {}));
} else {
  const server = await serve({ handler: (_request, response) => pause(100).then(() => response.end("ok")) });
  const own = [process.argv[1], ...(mended ? ["mended"] : []), server.url]
    .map((word) => `'${word}'`)
    .join(" ");
  const shell = spawn("sh", ["-c", `ulimit -n 128; exec '${process.execPath}' ${own}`], { stdio: "ignore" });
  await once(shell, "exit");
  server.close();
}
