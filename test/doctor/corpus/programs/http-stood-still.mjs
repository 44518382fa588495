// The process is stopped for a while, and its connections are dead when it goes on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { get, pause, serveApart } from "../server.mjs";

const server = await serveApart({ idle: 1500 });
const agent = new http.Agent({ keepAlive: true });
await get(server.url, { agent });
const { pid } = process;
const script = `kill -STOP ${pid}; sleep 4; kill -CONT ${pid}`;
await once(spawn("sh", ["-c", script], { stdio: "ignore" }), "exit");
await get(server.url, { agent }).catch(() => {});
await pause(100);
await get(server.url, { agent }).catch(() => {});
await server.close();
