// A Unix socket: named by its path.
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer, times } from "../server.mjs";

const socketPath = join(tmpdir(), `trunkline-corpus-${process.pid}.sock`);
const server = http.createServer({ keepAliveTimeout: 30_000 }, answer).listen(socketPath);
await new Promise((resolve) => server.once("listening", resolve));
const agent = new http.Agent({ keepAlive: true });
await times(
  12,
  () =>
    new Promise((resolve) =>
      http.get({ socketPath, path: "/containers", agent }, (response) =>
        response.resume().on("end", () => setImmediate(() => setImmediate(resolve))),
      ),
    ),
);
agent.destroy();
server.close();
