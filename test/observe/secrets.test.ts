import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../cli/run-cli.js";
import { CountingServer } from "./counting-server.js";

const CANARY = "canary-6f1d2c";

test("trunkline observe: nothing of a request's path, fields or body is in what it prints, nor of a program's arguments", async () => {
  await using server = await CountingServer.start();
  const script = `
    const net = require("node:net");
    const via = new URL(process.env.TRUNKLINE_TARGET ?? process.env.HTTP_PROXY);
    const prefix = process.env.TRUNKLINE_TARGET ? "" : "${server.origin.replace("//", `//user:${CANARY}@`)}";
    let left = 3;
    const once = () => {
      const socket = net.connect(Number(via.port), via.hostname);
      socket.write(["POST " + prefix + "/${CANARY}?${CANARY}=${CANARY}#${CANARY} HTTP/1.1", "Host: x", "Authorization: Bearer ${CANARY}",
        "Cookie: a=${CANARY}", "User-Agent: ${CANARY}", "X-${CANARY}: ${CANARY}", "Proxy-Authorization: Basic ${CANARY}",
        "Connection: close", "Content-Length: ${CANARY.length}", "", "${CANARY}"].join("\\r\\n"));
      socket.resume().on("close", () => { if (--left > 0) once(); });
    };
    once();`;
  for (const options of [["--target", server.origin], []]) {
    for (const json of [["--json"], []]) {
      const before = server.requests;
      const args = ["observe", ...options, ...json, "--", process.execPath, "-e", script, CANARY];
      const { code, stdout, stderr } = await runCli(args);
      assert.equal(code, 0, stderr);
      assert.equal(server.requests - before, 3, "the server got the requests");
      assert.doesNotMatch(`${stdout}${stderr}`, new RegExp(CANARY));
      assert.match(`${stdout}${stderr}`, /keep-alive-off/);
    }
  }
});
